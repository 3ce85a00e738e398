import { Checkbox, Group, Loader, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type MouseEvent, type ReactNode, useEffect, useRef } from 'react';
import type { Rows } from '../api/hooks.ts';
import { useDensity } from '../app/preferences.ts';
import styles from './data-table.module.css';
import { ErrorState, LoadingState } from './states.tsx';

export interface Column<T> {
  readonly id: string;
  readonly title: string;
  /** A CSS grid track: "2fr", "minmax(12rem, 2fr)", "8rem". */
  readonly width?: string;
  readonly align?: 'start' | 'end';
  /** One line; what is longer is cut with an ellipsis. */
  readonly render: (row: T) => ReactNode;
}

/** Rows chosen for something that is done to many at once. */
export interface Selection<T> {
  readonly keys: ReadonlySet<string>;
  set(keys: ReadonlySet<string>): void;
  /** Said of a row's box: "Choose <name>". */
  name(row: T): string;
}

interface DataTableProps<T> {
  /** Names the table to screen readers. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  /** From `useRows`, or a plain list with `rowsOf`. */
  readonly source: Rows<T>;
  readonly rowKey: (row: T) => string;
  /** Opens a row. The first column should hold a link or button that does the same, for the keyboard. */
  readonly onOpen?: (row: T) => void;
  /** Shown in place of a table without rows: an `EmptyState`. */
  readonly empty: ReactNode;
  /** CSS height of the window onto the rows. */
  readonly height?: string;
  readonly selection?: Selection<T>;
  /** How many rows there are is not said aloud each time it changes: for lists that grow by themselves. */
  readonly isQuiet?: boolean;
}

const default_track = 'minmax(8rem, 1fr)';
const row_px = { comfortable: 44, compact: 32 } as const;
/** Rows before the end at which the next page is asked for. */
const ahead_rows = 30;

/** A table that draws only the rows in sight: a hundred thousand scroll as ten do. Reads on as the end comes near. */
export function DataTable<T>(props: DataTableProps<T>) {
  const { source, empty, isQuiet = false } = props;
  if (source.rows.length === 0) {
    if (source.error) return <ErrorState error={source.error} onRetry={source.reload} />;
    return source.isLoading ? <LoadingState /> : empty;
  }
  return (
    <>
      <Window {...props} />
      {source.error ? <ErrorState error={source.error} onRetry={source.reload} /> : null}
      <Group gap="xs" mt={6} {...(isQuiet ? {} : { role: 'status' })}>
        <Text size="xs" c="dimmed">
          {source.rows.length.toLocaleString('en')} {source.rows.length === 1 ? 'row' : 'rows'}
          {source.hasMore ? ' so far' : ''}
        </Text>
        {source.isLoadingMore ? <Loader size="xs" aria-label="Reading on" role="status" /> : null}
      </Group>
    </>
  );
}

/** The boxes of rows as the first column. */
function choosing<T>({ keys, set, name }: Selection<T>, rowKey: (row: T) => string): Column<T> {
  return {
    id: 'choose',
    title: '',
    width: '2.75rem',
    render: (row) => {
      const key = rowKey(row);
      return (
        <Checkbox
          size="xs"
          aria-label={`Choose ${name(row)}`}
          checked={keys.has(key)}
          onChange={({ currentTarget: { checked } }) => {
            const after = new Set(keys);
            if (checked) after.add(key);
            else after.delete(key);
            set(after);
          }}
        />
      );
    },
  };
}

function ChooseAll<T>({
  source,
  rowKey,
  selection,
}: Pick<DataTableProps<T>, 'source' | 'rowKey'> & { selection: Selection<T> }) {
  const { keys, set } = selection;
  const chosen = source.rows.filter((row) => keys.has(rowKey(row))).length;
  return (
    <Checkbox
      size="xs"
      aria-label="Choose all rows read so far"
      checked={chosen > 0 && chosen === source.rows.length}
      indeterminate={chosen > 0 && chosen < source.rows.length}
      onChange={({ currentTarget: { checked } }) => set(new Set(checked ? source.rows.map(rowKey) : []))}
    />
  );
}

function Window<T>(props: DataTableProps<T>) {
  const { label, source, rowKey, onOpen, height = 'calc(100vh - 15rem)', selection } = props;
  const columns = selection ? [choosing(selection, rowKey), ...props.columns] : props.columns;
  const scroller = useRef<HTMLDivElement>(null);
  const [density] = useDensity();
  const size = row_px[density];
  const virtual = useVirtualizer({
    count: source.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasMore, loadMore } = source;
  const isNearEnd = last >= source.rows.length - ahead_rows;
  useEffect(() => {
    if (isNearEnd && hasMore) loadMore();
  }, [isNearEnd, hasMore, loadMore]);
  const measuredSize = useRef(size);
  useEffect(() => {
    if (measuredSize.current === size) return;
    measuredSize.current = size;
    virtual.measure();
  }, [size, virtual]);

  const tracks = columns.map(({ width }) => width ?? default_track).join(' ');
  const frame = {
    '--table-columns': tracks,
    '--table-width': leastWidth(columns),
    '--table-height': height,
  } as CSSProperties;
  return (
    // rows of a <table> could not be placed freely; the window scrolls, so the keyboard must reach it
    <div
      ref={scroller}
      className={`surface ${styles['scroller']}`}
      style={frame}
      role="table"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={hasMore ? -1 : source.rows.length + 1}
    >
      <div role="rowgroup" className={styles['head']}>
        <div role="row" className={styles['row']} style={{ height: size }}>
          {columns.map((column) => (
            <div key={column.id} role="columnheader" className={cellClass(column)}>
              {selection && column.id === 'choose' ? <ChooseAll {...{ source, rowKey, selection }} /> : column.title}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={styles['body']} style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const row = source.rows[index]!;
          return (
            <div
              key={rowKey(row)}
              role="row"
              aria-rowindex={index + 2}
              className={`${styles['row']} ${onOpen ? styles['clickable'] : ''}`}
              style={{ height: size, transform: `translateY(${start}px)` }}
              onClick={onOpen ? (event) => isPlainClick(event) && onOpen(row) : undefined}
            >
              {columns.map((column) => (
                <div key={column.id} role="cell" className={cellClass(column)}>
                  {column.render(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Below it the table scrolls sideways. Each row is a grid of its own: the same width for all keeps columns in line. */
function leastWidth<T>(columns: readonly Column<T>[]): string {
  const least = columns.map(({ width = default_track }) => /[\d.]+(?=rem)/.exec(width)?.[0] ?? '8');
  return `${least.reduce((sum, rem) => sum + Number(rem), 0)}rem`;
}

function cellClass<T>({ align }: Column<T>): string {
  return `${styles['cell']} ${align === 'end' ? styles['end'] : ''}`;
}

/** Not on a link or button in the row, which do their own, and not while text is being marked. */
function isPlainClick(event: MouseEvent): boolean {
  if (event.target instanceof Element && event.target.closest('a,button,input,label')) return false;
  return getSelection()?.isCollapsed ?? true;
}

/** A list that is there whole, for a `DataTable`. */
export function rowsOf<T>(rows: readonly T[]): Rows<T> {
  const nothing = () => undefined;
  return {
    rows,
    isLoading: false,
    error: null,
    hasMore: false,
    isLoadingMore: false,
    loadMore: nothing,
    reload: nothing,
  };
}
