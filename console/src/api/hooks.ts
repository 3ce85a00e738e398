import { notifications } from '@mantine/notifications';
import {
  keepPreviousData,
  type QueryClient,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useMemo } from 'react';
import { asProblem, Problem } from './problem.ts';
import { api, countRows, type Query } from './request.ts';
import type { Me, Page } from './types.ts';

export interface ReadOptions {
  /** Ask again this often while the page is looked at. */
  readonly refetchEveryMs?: number;
  readonly enabled?: boolean;
  /** While another query is asked the answer to the one before stays. */
  readonly keepsPrevious?: boolean;
}

/** Reads `path`; the answer is kept under its path and query. */
export function useRead<T>(path: string, query: Query = {}, options: ReadOptions = {}): UseQueryResult<T, Problem> {
  return useQuery<T, Problem>({
    queryKey: [path, query],
    queryFn: ({ signal }) => api.get<T>(path, query, signal),
    enabled: options.enabled ?? true,
    ...(options.refetchEveryMs ? { refetchInterval: options.refetchEveryMs } : {}),
    ...(options.keepsPrevious ? { placeholderData: keepPreviousData } : {}),
  });
}

/** A list read page by page as its table is scrolled. */
export interface Rows<T> {
  readonly rows: readonly T[];
  readonly isLoading: boolean;
  readonly error: Problem | null;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  loadMore(): void;
  reload(): void;
}

const page_rows = 100;

/** A cursor-paged list (`{ data, next_cursor }`) as growing rows: give it to a `DataTable`. */
export function useRows<T>(path: string, query: Query = {}, options: ReadOptions = {}): Rows<T> {
  const result = useInfiniteQuery<Page<T>, Problem, { pages: Page<T>[] }, unknown[], string | null>({
    queryKey: [path, 'rows', query],
    queryFn: ({ signal, pageParam }) =>
      api.get<Page<T>>(path, { limit: page_rows, ...query, cursor: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next_cursor,
    enabled: options.enabled ?? true,
    // a long list is not read anew whenever somebody comes back to it
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? (options.refetchEveryMs ?? false) : false),
    refetchOnWindowFocus: ({ state }) => (state.data?.pages.length ?? 0) <= 1,
  });
  const rows = useMemo(() => result.data?.pages.flatMap((page) => page.data) ?? [], [result.data]);
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

/** How many rows of an exposed table match the REST dialect's filters. */
export function useCount(
  table: string,
  filters: Query = {},
  options: ReadOptions = {},
): UseQueryResult<number, Problem> {
  return useQuery<number, Problem>({
    queryKey: [`/rest/v1/${table}`, 'count', filters],
    queryFn: ({ signal }) => countRows(table, filters, signal),
    enabled: options.enabled ?? true,
    ...(options.refetchEveryMs ? { refetchInterval: options.refetchEveryMs } : {}),
  });
}

export interface ChangeOptions<Input, Output> {
  /** What lies under these paths is read again afterwards. */
  readonly touches: readonly string[];
  /**
   * For a button that acts at once: what a notice says when it is done; a refusal is then told in a notice too. Told
   * here, since a callback of `mutate` is not called once its component is gone, and what is read again often takes
   * away the button that was pressed.
   */
  readonly tells?: string | ((output: Output, input: Input) => string);
}

/** A write. A refusal is thrown to the caller of `mutateAsync`, or stays in `error` with `mutate`. */
export function useChange<Input, Output = void>(
  work: (input: Input) => Promise<Output>,
  { touches, tells }: ChangeOptions<Input, Output>,
): UseMutationResult<Output, Problem, Input> {
  const client = useQueryClient();
  return useMutation<Output, Problem, Input>({
    mutationFn: work,
    onSuccess: (output, input) => {
      if (tells !== undefined)
        notifications.show({ message: typeof tells === 'string' ? tells : tells(output, input) });
      return refresh(client, touches);
    },
    ...(tells === undefined ? {} : { onError: showRefusal }),
  });
}

function showRefusal({ title, hint, detail }: Problem): void {
  notifications.show({ color: 'red', title, message: hint ?? detail });
}

/** Reads again what is kept under the paths, or under what begins with them. */
export async function refresh(client: QueryClient, paths: readonly string[]): Promise<void> {
  await client.invalidateQueries({
    predicate: ({ queryKey: [path] }) => paths.some((one) => typeof path === 'string' && path.startsWith(one)),
  });
}

/** Lets go of what is kept under a path: what was deleted is not asked for again. */
export function forget(client: QueryClient, path: string): void {
  client.removeQueries({ predicate: ({ queryKey: [one] }) => one === path || String(one).startsWith(`${path}/`) });
}

/** Who is signed in, where, and what they may do. The frame shows a page only once this is there. */
export function useMe(): Me {
  const { data } = useRead<Me>('/v1/me');
  if (!data) throw asProblem(new Error('nobody is signed in'));
  return data;
}

/** Whether the person has a permission ("members:write") in this organization. The server decides again anyway. */
export function useCan(permission: string): boolean {
  return useMe().permissions.includes(permission);
}

/** Whether a failed read may go well the next time. */
export function isWorthRetrying(count: number, error: unknown): boolean {
  return count < 2 && error instanceof Problem && (error.status === 0 || error.status >= 500);
}
