/** Answers of the public API as this console reads them; /docs describes each whole. Times are ISO 8601 text. */

export type Role = 'owner' | 'admin' | 'member' | 'viewer' | 'service';
/** Roles a person can be given, from the most to the least powerful. */
export const memberRoles = ['owner', 'admin', 'member', 'viewer'] as const;
export type MemberRole = (typeof memberRoles)[number];

/** 0 for an owner, more for who may do less; a role that is no person's comes last. */
export function roleRank(role: string | undefined): number {
  const roles: readonly string[] = memberRoles;
  return role !== undefined && roles.includes(role) ? roles.indexOf(role) : roles.length;
}

/** One page of a list; `next_cursor` is null on the last one. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly full_name: string;
  readonly role: string;
  readonly preferred_language: string;
  readonly timezone: string;
  readonly created_at: string;
}

export interface OwnOrganization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly role: Role;
  readonly deleted_at: string | null;
}

export interface Me {
  readonly user: Account | null;
  readonly organization: {
    readonly id: string;
    readonly name: string;
    readonly slug: string;
    readonly role: Role;
  } | null;
  readonly organizations: readonly OwnOrganization[];
  readonly session_id: string | null;
  readonly permissions: readonly string[];
}

export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Member {
  readonly id: string;
  readonly user_id: string;
  readonly role: Role;
  readonly display_name: string;
  readonly email: string;
  readonly created_at: string;
}

/** An invitation as it is answered once, with its link. */
export interface NewInvitation {
  readonly id: string;
  readonly email: string;
  readonly role: MemberRole;
  readonly path: string | null;
}

export interface ApiKey {
  readonly id: string;
  readonly user_id: string | null;
  readonly name: string;
  readonly prefix: string;
  readonly last4: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
  readonly created_at: string;
}

/** The answer that shows the key, this once. */
export interface NewApiKey extends ApiKey {
  readonly key: string | null;
}

export interface Session {
  readonly id: string;
  readonly device: string;
  readonly ip_address: string | null;
  readonly created_at: string;
  readonly last_seen_at: string;
  readonly expires_at: string;
  readonly is_current: boolean;
}

export interface AuditEntry {
  readonly id: string;
  readonly occurred_at: string;
  readonly actor: string;
  readonly actor_user_id: string | null;
  readonly api_key_id: string | null;
  readonly request_id: string | null;
  readonly ip_address: string | null;
  readonly action: string;
  readonly resource_type: string;
  readonly resource_id: string | null;
  readonly old_values: Readonly<Record<string, unknown>> | null;
  readonly new_values: Readonly<Record<string, unknown>> | null;
  readonly details: unknown;
}
