import { Anchor, Button } from '@mantine/core';
import { Link, useNavigate, useParams } from 'react-router';
import { containing, type OrderKey, useOrderedRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { effort, type WorstFile } from './types.ts';

type FileRow = WorstFile & { readonly parse_status: string };

const select =
  'id,file_path,language,parse_status,lines_code,cyclomatic,cognitive,maintainability_index,issues_total,debt_minutes';
const filterNames = ['search', 'language', 'status', 'order'];
const languages = ['typescript', 'tsx', 'javascript', 'python'];
const parseStatuses = ['ok', 'partial', 'failed', 'skipped'];

/** What files are put in order by; the worst come first. */
const orders: Readonly<Record<string, { readonly label: string; readonly key: OrderKey }>> = {
  debt: { label: 'Most debt', key: { column: 'debt_minutes', descending: true, nullable: false } },
  cognitive: { label: 'Most cognitive complexity', key: { column: 'cognitive', descending: true, nullable: true } },
  lines: { label: 'Most lines', key: { column: 'lines_code', descending: true, nullable: true } },
  index: {
    label: 'Least maintainable',
    key: { column: 'maintainability_index', descending: false, nullable: true },
  },
  path: { label: 'Path', key: { column: 'file_path', descending: false, nullable: false } },
};

function columnsFor(runId: string): Column<FileRow>[] {
  const number = (value: number | null) => (value === null ? '–' : value.toLocaleString('en'));
  return [
    {
      id: 'path',
      title: 'File',
      width: 'minmax(16rem, 4fr)',
      render: ({ id, file_path }) => (
        <Anchor component={Link} to={`/analysis/${runId}/files/${id}`} size="sm">
          <PlainText text={file_path} chars={300} />
        </Anchor>
      ),
    },
    { id: 'language', title: 'Language', width: '7rem', render: ({ language }) => language ?? '–' },
    {
      id: 'status',
      title: 'Parsed',
      width: '7rem',
      render: ({ parse_status }) => <StatusBadge status={parse_status} />,
    },
    { id: 'debt', title: 'Debt', width: '6rem', align: 'end', render: ({ debt_minutes }) => effort(debt_minutes) },
    { id: 'issues', title: 'Issues', width: '5rem', align: 'end', render: ({ issues_total }) => number(issues_total) },
    { id: 'lines', title: 'Lines', width: '5rem', align: 'end', render: ({ lines_code }) => number(lines_code) },
    { id: 'cognitive', title: 'Cognitive', width: '6rem', align: 'end', render: ({ cognitive }) => number(cognitive) },
    {
      id: 'index',
      title: 'Maintainability',
      width: '8rem',
      align: 'end',
      render: ({ maintainability_index }) => maintainability_index?.toFixed(1) ?? '–',
    },
  ];
}

/** Every file of a run. */
export function Files() {
  const { id = '' } = useParams();
  const navigate = useNavigate();
  const filters = useFilters(filterNames);
  const [search, language, status, chosen] = filterNames.map((name) => filters.get(name));
  const order = orders[chosen ?? ''] ?? orders['debt']!;
  const source = useOrderedRows<FileRow & Readonly<Record<string, unknown>>>('file_analysis', {
    select,
    filters: {
      run_id: `eq.${id}`,
      file_path: search ? `ilike.${containing(search)}` : null,
      language: language ? `eq.${language}` : null,
      parse_status: status ? `eq.${status}` : null,
    },
    order: [order.key, { column: 'id', descending: false, nullable: false }],
  });
  return (
    <>
      <PageHeader
        title="Files"
        description={
          <Anchor component={Link} to={`/analysis/${id}`} size="sm">
            Of this analysis run
          </Anchor>
        }
      />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="search" label="Search" placeholder="Part of the path" />
        <ChoiceFilter filters={filters} name="language" label="Language" options={languages} />
        <ChoiceFilter filters={filters} name="status" label="Parsed" options={parseStatuses} />
        <ChoiceFilter
          filters={filters}
          name="order"
          label="Order"
          none="Most debt"
          options={Object.entries(orders)
            .filter(([value]) => value !== 'debt')
            .map(([value, { label }]) => ({ value, label }))}
        />
      </FilterBar>
      <DataTable
        label="Files"
        columns={columnsFor(id)}
        source={source}
        rowKey={(file) => file.id}
        onOpen={(file) => void navigate(`/analysis/${id}/files/${file.id}`)}
        empty={
          <EmptyState
            title={filters.isAny ? 'No file matches' : 'This run has no files'}
            action={
              filters.isAny ? (
                <Button variant="default" onClick={filters.clear}>
                  Show all files
                </Button>
              ) : null
            }
          />
        }
      />
    </>
  );
}
