import { Anchor, Box, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Problem } from '../../api/problem.ts';
import { send } from '../../api/request.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { SideDialog } from '../../parts/dialog.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import { Cell } from './cell.tsx';
import { filterParameter } from './table-query.ts';
import { columnName, type Row, type TableInfo, viewHeaders } from './types.ts';

interface RowDetailProps {
  readonly table: TableInfo;
  /** The row's primary key as JSON. */
  readonly row: string;
  readonly as: string;
  readonly onClose: () => void;
}

/** All columns of one row, read by its key: a link shows it to somebody else. */
export function RowDetail({ table, row, as, onClose }: RowDetailProps) {
  const key = keyOf(row, table);
  const headers = viewHeaders(as);
  const path = `/rest/v1/${encodeURIComponent(table.name)}`;
  const found = useQuery<Row | null, Problem>({
    queryKey: [path, 'row', row, as],
    queryFn: async ({ signal }) => {
      const query = Object.fromEntries(
        Object.entries(key ?? {}).map(([name, value]) => [columnName(name), `eq.${value}`]),
      );
      const { body } = await send<readonly Row[]>('GET', path, {
        query: { ...query, limit: 1 },
        signal,
        exactNumbers: true,
        ...(headers ? { headers } : {}),
      });
      return body[0] ?? null;
    },
    enabled: key !== undefined,
  });
  return (
    <SideDialog onClose={onClose} size="xl" title={`A row of ${table.name}`}>
      {key === undefined || found.data === null ? (
        <EmptyState title="There is no such row">It may be gone, or not be yours to see.</EmptyState>
      ) : found.error ? (
        <ErrorState error={found.error} onRetry={() => void found.refetch()} />
      ) : found.data ? (
        <Columns table={table} row={found.data} as={as} />
      ) : (
        <LoadingState />
      )}
    </SideDialog>
  );
}

const isJson = (value: unknown): boolean => typeof value === 'object' && value !== null;

function Columns({ table, row, as }: { table: TableInfo; row: Row; as: string }) {
  const plain = table.columns.filter(({ name }) => !isJson(row[name]));
  return (
    <Stack>
      <DefinitionList
        label="Columns"
        entries={plain.map(({ name }) => [
          name,
          <Value key={name} table={table} name={name} value={row[name]} as={as} />,
        ])}
      />
      {table.columns
        .filter(({ name }) => isJson(row[name]))
        .map(({ name }) => (
          <Box key={name} className="surface" p="md">
            <JsonView label={name} value={row[name]} />
          </Box>
        ))}
    </Stack>
  );
}

interface ValueProps {
  readonly table: TableInfo;
  readonly name: string;
  readonly value: unknown;
  readonly as: string;
}

/** A key into another table leads to the row it names. */
function Value({ table, name, value, as }: ValueProps) {
  const to = table.foreign_keys.find(({ columns }) => columns.length === 1 && columns[0] === name);
  const cell = <Cell value={value} chars={5_000} />;
  if (to?.references[0] === undefined || value === null || value === undefined) return cell;
  const search = new URLSearchParams({
    [filterParameter(to.references[0])]: `eq.${String(value)}`,
    ...(as === '' ? {} : { as }),
  });
  return (
    <Anchor component={Link} to={`/tables/${encodeURIComponent(to.table)}?${search}`} size="sm" underline="always">
      {cell}
    </Anchor>
  );
}

/** The key of a row in the address; undefined for what is none of this table. */
function keyOf(text: string, { primary_key }: TableInfo): Record<string, string> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || primary_key.length === 0) return undefined;
  const given = parsed as Record<string, unknown>;
  if (!primary_key.every((name) => Object.hasOwn(given, name))) return undefined;
  return Object.fromEntries(primary_key.map((name) => [name, String(given[name])]));
}
