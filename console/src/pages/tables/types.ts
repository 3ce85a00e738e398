import type { UseQueryResult } from '@tanstack/react-query';
import { useQuery } from '@tanstack/react-query';
import type { Problem } from '../../api/problem.ts';
import { send } from '../../api/request.ts';

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly kind: string;
  readonly nullable: boolean;
}

/** An exposed table as `GET /rest/v1` tells of it to this user. */
export interface TableInfo {
  readonly name: string;
  readonly module: string;
  readonly verbs: Readonly<Partial<Record<'select' | 'insert' | 'update' | 'delete', 'any' | 'own'>>>;
  readonly primary_key: readonly string[];
  readonly columns: readonly TableColumn[];
  readonly foreign_keys: readonly {
    readonly columns: readonly string[];
    readonly table: string;
    readonly references: readonly string[];
  }[];
}

export type Row = Readonly<Record<string, unknown>>;

/** What a request adds to be answered as a member or a role would be. */
export function viewHeaders(as: string): Readonly<Record<string, string>> | undefined {
  return as === '' ? undefined : { 'plinth-view-as': as };
}

/** The tables there are for this user, or for whom they look as. */
export function useTables(as: string): UseQueryResult<readonly TableInfo[], Problem> {
  const headers = viewHeaders(as);
  return useQuery<readonly TableInfo[], Problem>({
    queryKey: ['/rest/v1', 'tables', as],
    queryFn: async ({ signal }) => {
      const { body } = await send<{ data: readonly TableInfo[] }>('GET', '/rest/v1', {
        signal,
        ...(headers ? { headers } : {}),
      });
      return body.data.map(keyFirst);
    },
  });
}

/** The columns of the key first: they are what a row is found by. */
function keyFirst(table: TableInfo): TableInfo {
  const isKey = ({ name }: TableColumn) => table.primary_key.includes(name);
  return { ...table, columns: [...table.columns.filter(isKey), ...table.columns.filter((one) => !isKey(one))] };
}

const reserved = new Set(['select', 'order', 'limit', 'offset', 'and', 'or', 'columns', 'on_conflict']);

/** A column as the dialect writes it. */
export function columnName(name: string): string {
  if (/^[\p{L}\p{N}_$ -]+$/u.test(name) && !reserved.has(name)) return name;
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}
