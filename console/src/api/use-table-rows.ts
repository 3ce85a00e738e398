import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ReadOptions, Rows } from './hooks.ts';
import type { Problem } from './problem.ts';
import { api, type Query } from './request.ts';

const page_rows = 100;

/**
 * An exposed table as growing rows, newest first, by the REST dialect: `select` names the columns (with `id`), `filters`
 * are those of the dialect. A page begins below the last id of the one before, so rows that come in between move
 * nothing. Repeats itself (`refetchEveryMs`) only while the first page is all there is.
 */
export function useTableRows<T extends { id: string }>(
  table: string,
  select: string,
  filters: Query = {},
  options: ReadOptions = {},
): Rows<T> {
  const path = `/rest/v1/${table}`;
  const every = options.refetchEveryMs ?? 0;
  const result = useInfiniteQuery<readonly T[], Problem, { pages: (readonly T[])[] }, unknown[], string | null>({
    queryKey: [path, 'rows', select, filters],
    queryFn: ({ signal, pageParam }) =>
      api.get<readonly T[]>(
        path,
        { ...filters, select, order: 'id.desc', limit: page_rows, id: pageParam === null ? null : `lt.${pageParam}` },
        signal,
      ),
    initialPageParam: null,
    getNextPageParam: (last) => (last.length < page_rows ? null : (last.at(-1)?.id ?? null)),
    enabled: options.enabled ?? true,
    refetchInterval: ({ state }) => (every > 0 && state.data?.pages.length === 1 ? every : false),
  });
  const rows = useMemo(() => result.data?.pages.flat() ?? [], [result.data]);
  return {
    rows,
    isLoading: result.isPending && (options.enabled ?? true),
    error: result.error,
    hasMore: result.hasNextPage,
    isLoadingMore: result.isFetchingNextPage,
    loadMore: () => {
      if (result.hasNextPage && !result.isFetchingNextPage) void result.fetchNextPage();
    },
    reload: () => void result.refetch(),
  };
}

/** Text a person typed, as the pattern of `ilike` that finds it anywhere; inside `or=(…)` it needs its quotes. */
export function containing(typed: string): string {
  return `*${typed.replace(/[\\%_]/g, '\\$&')}*`;
}

/** A value of `or=(…)` or `in.(…)`, whatever characters it holds. */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
