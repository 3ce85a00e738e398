import { Anchor, Button, Checkbox, Code, CopyButton, Group, NativeSelect, Popover, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useParams, useSearchParams } from 'react-router';
import { basePath } from '../../api/base-path.ts';
import { Problem } from '../../api/problem.ts';
import { send, withQuery } from '../../api/request.ts';
import { pageQuery, useOrderedRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { ActiveFilters, AddFilter } from './add-filter.tsx';
import { Cell } from './cell.tsx';
import { RowDetail } from './row-detail.tsx';
import { curlOf, filterParameter, orderableColumns, readState, requestOf, type TableState } from './table-query.ts';
import { columnName, type Row, type TableInfo, useTables, viewHeaders } from './types.ts';
import { ViewAs, ViewAsNotice } from './view-as.tsx';

export function TablePage() {
  const { table: name = '' } = useParams();
  const [parameters, setParameters] = useSearchParams();
  const as = parameters.get('as') ?? '';
  const tables = useTables(as);
  const table = tables.data?.find((one) => one.name === name);
  if (table) return <Browser key={table.name} table={table} />;
  const error = tables.error ?? (tables.data ? new Problem(404, { code: 'not_found' }) : null);
  return (
    <>
      <DetailState name="Table" listPath="/tables" error={error} onRetry={() => void tables.refetch()} />
      {as === '' ? null : (
        <Group mt="md">
          <ViewAs as={as} onChange={(value) => setParameters(value === '' ? {} : { as: value })} />
        </Group>
      )}
    </>
  );
}

function Browser({ table }: { table: TableInfo }) {
  const [parameters, setParameters] = useSearchParams();
  const state = useMemo(() => readState(parameters, table), [parameters, table]);
  const change = (changes: Readonly<Record<string, string>>) =>
    setParameters((before) => {
      const after = new URLSearchParams(before);
      for (const [name, value] of Object.entries(changes)) {
        if (value === '') after.delete(name);
        else after.set(name, value);
      }
      return after;
    });
  const request = useMemo(() => requestOf(table, state), [table, state]);
  const headers = viewHeaders(state.as);
  const { select, ...asked } = request;
  const source = useOrderedRows<Row>(
    table.name,
    { ...asked, ...(select ? { select } : {}), ...(headers ? { headers } : {}), exactNumbers: true },
    {},
  );
  const total = useTotal(table, state);
  const open = (row: Row) =>
    change({ row: JSON.stringify(Object.fromEntries(table.primary_key.map((name) => [name, row[name]]))) });
  const keyOf = (row: Row) => JSON.stringify(table.primary_key.map((name) => row[name]));
  return (
    <>
      <PageHeader
        title={table.name}
        description={
          <span role="status">
            {table.verbs.select === 'own' ? 'Rows of your own' : 'Rows the API returns'}
            {total === undefined ? '' : `: ${total.toLocaleString('en')} in all`}
          </span>
        }
      />
      <Stack gap="sm" mb="sm">
        <Group gap="sm" align="flex-end">
          <AddFilter table={table} onAdd={(column, filter) => change({ [filterParameter(column)]: filter })} />
          <Order table={table} state={state} onChange={(order) => change({ order })} />
          <Columns table={table} state={state} onChange={(columns) => change({ columns })} />
          <ViewAs as={state.as} onChange={(as) => change({ as, row: '' })} />
        </Group>
        <ActiveFilters filters={state.filters} onRemove={(column) => change({ [filterParameter(column)]: '' })} />
      </Stack>
      <ViewAsNotice as={state.as} />
      <DataTable
        label={`Rows of ${table.name}`}
        columns={gridColumns(table, state, open)}
        source={source}
        rowKey={keyOf}
        onOpen={open}
        height="calc(100vh - 24rem)"
        empty={
          <EmptyState title={state.filters.size > 0 ? 'No row matches' : 'No rows'}>
            {state.filters.size > 0 ? 'Remove a filter to see more.' : 'None that you may see.'}
          </EmptyState>
        }
      />
      <Request table={table} state={state} />
      {state.row === '' ? null : (
        <RowDetail table={table} row={state.row} as={state.as} onClose={() => change({ row: '' })} />
      )}
    </>
  );
}

function gridColumns(table: TableInfo, state: TableState, open: (row: Row) => void): Column<Row>[] {
  // in the order of the address, as the API answers a select
  const shown = state.columns.flatMap((name) => table.columns.filter((column) => column.name === name));
  return shown.map(({ name, kind }, index) => ({
    id: name,
    title: name,
    width: kind === 'uuid' ? '20rem' : kind === 'text' || kind === 'jsonb' ? 'minmax(14rem, 2fr)' : 'minmax(9rem, 1fr)',
    align: kind === 'integer' || kind === 'number' ? 'end' : 'start',
    render: (row) =>
      index === 0 ? (
        <Anchor component="button" type="button" inherit onClick={() => open(row)}>
          <Cell value={row[name]} />
        </Anchor>
      ) : (
        <Cell value={row[name]} />
      ),
  }));
}

interface ChoiceProps {
  readonly table: TableInfo;
  readonly state: TableState;
  readonly onChange: (value: string) => void;
}

function Order({ table, state: { order }, onChange }: ChoiceProps) {
  const choices = orderableColumns(table).flatMap((name) => [
    { value: `${name}.asc`, label: `${name}, rising` },
    { value: `${name}.desc`, label: `${name}, falling` },
  ]);
  return (
    <NativeSelect
      label="Order"
      value={order === undefined ? '' : `${order.column}.${order.descending ? 'desc' : 'asc'}`}
      data={[{ value: '', label: 'By key' }, ...choices]}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Which columns are asked for; at least one. */
function Columns({ table, state, onChange }: ChoiceProps) {
  const names = table.columns.map(({ name }) => name);
  const set = (chosen: readonly string[]) => onChange(chosen.length === names.length ? '' : chosen.join(','));
  return (
    <Popover position="bottom-end" trapFocus withRoles={false}>
      <Popover.Target>
        <Button variant="default" aria-haspopup="dialog">
          Columns: {state.columns.length} of {names.length}
        </Button>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label="Columns" mah="24rem" style={{ overflow: 'auto' }}>
        <Checkbox.Group
          value={[...state.columns]}
          onChange={(chosen) => chosen.length > 0 && set(names.filter((name) => chosen.includes(name)))}
        >
          <Stack gap={6}>
            {names.map((name) => (
              <Checkbox key={name} size="xs" value={name} label={name} />
            ))}
          </Stack>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  );
}

/** The request behind the first page, as a line for the shell. */
function Request({ table, state }: { table: TableInfo; state: TableState }) {
  const { select, ...request } = requestOf(table, state);
  const query = pageQuery({ ...request, ...(select ? { select } : {}) }, null);
  const path = withQuery(`${basePath}/rest/v1/${encodeURIComponent(table.name)}`, query);
  const curl = curlOf(`${location.origin}${path}`, state.as);
  return (
    <Stack gap={4} mt="md">
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          The request
        </Text>
        <CopyButton value={curl}>
          {({ copied, copy }) => (
            <Button variant="subtle" size="compact-xs" onClick={copy}>
              {copied ? 'Copied' : 'Copy as curl'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code
        block
        tabIndex={0}
        role="region"
        aria-label="The request"
        style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
      >
        {curl}
      </Code>
    </Stack>
  );
}

/** How many rows match, counted by the server. */
function useTotal(table: TableInfo, state: TableState): number | undefined {
  const { filters } = requestOf(table, state);
  const path = `/rest/v1/${encodeURIComponent(table.name)}`;
  const first = table.columns[0]?.name ?? '';
  const { data } = useQuery<number | null, Problem>({
    queryKey: [path, 'count', filters, state.as],
    queryFn: async ({ signal }) => {
      const { headers } = await send('GET', path, {
        query: { ...filters, select: columnName(first), limit: 1 },
        headers: { prefer: 'count=exact', ...viewHeaders(state.as) },
        signal,
      });
      const text = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
      return text === undefined ? null : Number(text);
    },
  });
  return data ?? undefined;
}
