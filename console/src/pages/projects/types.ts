import { useCan, useMe } from '../../api/hooks.ts';

export const projectStatuses = ['planning', 'active', 'on_hold', 'completed', 'archived', 'deleted'] as const;

/** Where a project may go from where it is; archiving, restoring and deleting have routes of their own. */
const moves: Readonly<Record<string, readonly string[]>> = {
  planning: ['active', 'on_hold'],
  active: ['on_hold', 'completed'],
  on_hold: ['active', 'completed'],
  completed: ['active'],
};
export const movesFrom = (status: string): readonly string[] => moves[status] ?? [];

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly description: string;
  readonly owner_id: string | null;
  readonly status: string;
  readonly priority: number;
  readonly goals: readonly unknown[];
  readonly starts_on: string | null;
  readonly due_on: string | null;
  readonly git_repo_url: string | null;
  readonly archived_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly deleted_at: string | null;
}

/** What lists show. */
export interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly status: string;
  readonly owner_id: string | null;
  readonly priority: number;
  readonly due_on: string | null;
  readonly created_at: string;
}

export const projectColumns = 'id,name,slug,status,owner_id,priority,due_on,created_at';

/** What is asked again when a project changed. */
export const touchedByProjects = ['/v1/projects', '/rest/v1/projects'];

/** Owners and admins manage everything there is. */
export function useManagesAll(): boolean {
  const role = useMe().organization?.role;
  return role === 'owner' || role === 'admin';
}

/** Whether the person may change what `ownerId` owns, as the server decides it: their own, administrators anything. */
export function useMayChange(permission: string, ownerId: string | null | undefined): boolean {
  const { user } = useMe();
  const may = useCan(permission);
  const all = useManagesAll();
  return may && (all || (ownerId !== null && ownerId !== undefined && ownerId === user?.id));
}
