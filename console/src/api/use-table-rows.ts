import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ReadOptions, Rows } from './hooks.ts';
import type { Problem } from './problem.ts';
import { type Query, send } from './request.ts';

/** The first page is there soon; who scrolls on gets many rows at once. */
const first_page_rows = 100;
const next_page_rows = 1_000;

/** A column rows are in the order of. */
export interface OrderKey {
  readonly column: string;
  readonly descending: boolean;
  /** Nulls come last, whichever the direction. */
  readonly nullable: boolean;
}

export interface TableRead {
  /** The dialect's `select`; it has to include the columns of `order`. Without it every column that may be read. */
  readonly select?: string;
  readonly filters?: Query;
  /** Together they tell every row from every other: the primary key comes last. */
  readonly order: readonly OrderKey[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Rows of the pages after the first, at most 1,000; fewer where a row may be large. */
  readonly pageRows?: number;
  readonly exactNumbers?: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/** What a page of the table is asked with; `after` is the last row of the page before. */
export function pageQuery({ select, filters, order, pageRows }: TableRead, after: Row | null): Query {
  return {
    ...filters,
    select: select ?? null,
    order: orderOf(order),
    limit: after === null ? first_page_rows : (pageRows ?? next_page_rows),
    and: after === null ? null : `(${afterRow(order, after)})`,
  };
}

/** The dialect's `order`. Nulls first is PostgreSQL's way with `desc`; where there are none an index serves as it is. */
export function orderOf(order: readonly OrderKey[]): string {
  return order
    .map(
      ({ column, descending, nullable }) =>
        `${column}.${descending ? 'desc' : 'asc'}${nullable && descending ? '.nullslast' : ''}`,
    )
    .join(',');
}

/**
 * The condition, in the dialect, of the rows that come after `row` in the order: a page begins below the last row of the
 * one before, so rows that come in between move nothing.
 */
export function afterRow(order: readonly OrderKey[], row: Row): string {
  const terms: string[] = [];
  const equal: string[] = [];
  for (const { column, descending, nullable } of order) {
    const value = row[column];
    const isNull = value === null || value === undefined;
    if (!isNull) {
      const beyond = `${column}.${descending ? 'lt' : 'gt'}.${quoted(String(value))}`;
      const strict = nullable ? `or(${beyond},${column}.is.null)` : beyond;
      terms.push(equal.length === 0 ? strict : `and(${[...equal, strict].join(',')})`);
    }
    equal.push(isNull ? `${column}.is.null` : `${column}.eq.${quoted(String(value))}`);
  }
  return terms.length === 1 ? (terms[0] as string) : `or(${terms.join(',')})`;
}

/**
 * An exposed table as growing rows, by the REST dialect and by cursor. Repeats itself (`refetchEveryMs`, or when the
 * window is looked at again) only while the first page is all there is: a long list is not read anew.
 */
export function useOrderedRows<T extends Row>(table: string, read: TableRead, options: ReadOptions = {}): Rows<T> {
  const path = `/rest/v1/${encodeURIComponent(table)}`;
  const every = options.refetchEveryMs ?? 0;
  const { headers, exactNumbers, ...asked } = read;
  const result = useInfiniteQuery<readonly T[], Problem, { pages: (readonly T[])[] }, unknown[], T | null>({
    queryKey: [path, 'rows', asked, headers ?? null],
    queryFn: async ({ signal, pageParam }) => {
      const query = pageQuery(read, pageParam as T | null);
      const { body } = await send<readonly T[]>('GET', path, {
        query,
        signal,
        ...(headers ? { headers } : {}),
        ...(exactNumbers ? { exactNumbers } : {}),
      });
      return body;
    },
    initialPageParam: null,
    getNextPageParam: (last, pages) => {
      const asked_rows = pages.length === 1 ? first_page_rows : (read.pageRows ?? next_page_rows);
      return last.length < asked_rows ? null : (last.at(-1) ?? null);
    },
    enabled: options.enabled ?? true,
    refetchInterval: ({ state }) => (every > 0 && state.data?.pages.length === 1 ? every : false),
    refetchOnWindowFocus: ({ state }) => (state.data?.pages.length ?? 0) <= 1,
  });
  const rows = useMemo(() => result.data?.pages.flat() ?? [], [result.data]);
  return {
    rows,
    isLoading: result.isPending && (options.enabled ?? true),
    error: result.error,
    hasMore: result.hasNextPage,
    isLoadingMore: result.isFetchingNextPage,
    loadMore: () => {
      // after a failure it is asked again only by hand, or it would be asked without end
      if (result.hasNextPage && !result.isFetchingNextPage && !result.isError) void result.fetchNextPage();
    },
    reload: () => void result.refetch(),
  };
}

const newestFirst: readonly OrderKey[] = [{ column: 'id', descending: true, nullable: false }];

/** An exposed table newest first: `select` names the columns (with `id`), `filters` are those of the dialect. */
export function useTableRows<T extends { id: string }>(
  table: string,
  select: string,
  filters: Query = {},
  options: ReadOptions = {},
): Rows<T> {
  return useOrderedRows<T & Row>(table, { select, filters, order: newestFirst }, options);
}

/** Text a person typed, as the pattern of `ilike` that finds it anywhere; inside `or=(…)` it needs its quotes. */
export function containing(typed: string): string {
  return `*${typed.replace(/[\\%_]/g, '\\$&')}*`;
}

/** A value of `or=(…)` or `in.(…)`, whatever characters it holds. */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
