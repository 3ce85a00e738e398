import { Alert, Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { useRead } from '../../api/hooks.ts';
import { Problem } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { useOrderedRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { IssueTable } from './issues.tsx';
import { effort, type RunDetail } from './types.ts';

interface FileDetail {
  readonly id: string;
  readonly run_id: string;
  readonly file_path: string;
  readonly language: string | null;
  readonly size_bytes: number;
  readonly parse_status: string;
  readonly reason: { readonly code?: string; readonly message?: string } | null;
  readonly issues_total: number;
  readonly debt_minutes: number;
  readonly metrics: Readonly<Record<string, unknown>>;
}

type Element = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly kind: string;
  readonly element_path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly lines_code: number | null;
  readonly cyclomatic: number | null;
  readonly cognitive: number | null;
  readonly nesting_max: number | null;
  readonly parameter_count: number | null;
};

const fileColumns = 'id,run_id,file_path,language,size_bytes,parse_status,reason,issues_total,debt_minutes,metrics';
const elementColumns =
  'id,kind,element_path,start_line,end_line,lines_code,cyclomatic,cognitive,nesting_max,parameter_count';

const number = (value: number | null) => (value === null ? '–' : value.toLocaleString('en'));
const elements: readonly Column<Element>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(14rem, 3fr)',
    render: ({ element_path }) => <PlainText text={element_path} chars={200} />,
  },
  { id: 'kind', title: 'Kind', width: '8rem', render: ({ kind }) => kind.replaceAll('_', ' ') },
  { id: 'lines', title: 'Lines', width: '8rem', render: ({ start_line, end_line }) => `${start_line}–${end_line}` },
  { id: 'code', title: 'Of code', width: '6rem', align: 'end', render: ({ lines_code }) => number(lines_code) },
  { id: 'cognitive', title: 'Cognitive', width: '6rem', align: 'end', render: ({ cognitive }) => number(cognitive) },
  { id: 'cyclo', title: 'Cyclomatic', width: '7rem', align: 'end', render: ({ cyclomatic }) => number(cyclomatic) },
  { id: 'nesting', title: 'Nesting', width: '5rem', align: 'end', render: ({ nesting_max }) => number(nesting_max) },
  {
    id: 'parameters',
    title: 'Parameters',
    width: '7rem',
    align: 'end',
    render: ({ parameter_count }) => number(parameter_count),
  },
];

/** One file of a run: its metrics, its functions and classes with theirs, and the issues that are open in it. */
export function FilePage() {
  const { id = '', file = '' } = useParams();
  const run = useRead<RunDetail>(`/v1/analysis-runs/${encodeURIComponent(id)}`);
  const found = useFile(id, file);
  if (found.data && run.data) return <Found file={found.data} run={run.data} />;
  return (
    <DetailState
      name="File"
      listPath={`/analysis/${id}/files`}
      error={found.error ?? run.error}
      onRetry={() => void Promise.all([found.refetch(), run.refetch()])}
    />
  );
}

function useFile(runId: string, fileId: string) {
  return useQuery<FileDetail, Problem>({
    queryKey: ['/rest/v1/file_analysis', 'one', runId, fileId],
    queryFn: async ({ signal }) => {
      const query = { select: fileColumns, id: `eq.${fileId}`, run_id: `eq.${runId}` };
      const [row] = await api.get<readonly FileDetail[]>('/rest/v1/file_analysis', query, signal).catch((error) => {
        // an address with a broken id is none of ours either
        if (error instanceof Problem && error.code === 'invalid_value') return [];
        throw error;
      });
      if (row === undefined) throw new Problem(404, { code: 'not_found', title: 'Not found' });
      return row;
    },
  });
}

function Found({ file, run }: { file: FileDetail; run: RunDetail }) {
  const source = useOrderedRows<Element>('code_elements', {
    select: elementColumns,
    filters: { file_id: `eq.${file.id}` },
    order: [
      { column: 'start_line', descending: false, nullable: false },
      { column: 'id', descending: false, nullable: false },
    ],
  });
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(file.file_path, 300)}
        description={
          <Anchor component={Link} to={`/analysis/${run.id}`} size="sm">
            In this analysis run
          </Anchor>
        }
      />
      {file.parse_status === 'ok' || file.reason === null ? null : (
        <Alert color="yellow" title={`Read ${file.parse_status === 'partial' ? 'in part' : 'not at all'}`}>
          <Text size="sm" c="var(--mantine-color-text)">
            <PlainText text={file.reason.message ?? file.reason.code ?? ''} chars={1_000} />
          </Text>
        </Alert>
      )}
      <DefinitionList
        label="Metrics of the file"
        entries={[
          ['language', file.language],
          ['size', `${file.size_bytes.toLocaleString('en')} bytes`],
          ['issues', file.issues_total],
          ['debt', effort(file.debt_minutes)],
          ...Object.entries(file.metrics).map(
            ([name, value]) => [name.replaceAll('_', ' '), shown(value)] as readonly [string, string],
          ),
        ]}
      />
      <Section title="Functions, classes and types">
        <DataTable
          label="Functions, classes and types"
          columns={elements}
          source={source}
          rowKey={({ id }) => id}
          height="26rem"
          empty={<EmptyState title="None was found in this file" />}
        />
      </Section>
      <Section title="Open issues">
        <IssueTable
          filters={{
            repository_id: `eq.${run.repository_id}`,
            branch: `eq.${run.branch ?? ''}`,
            file_path: `eq.${file.file_path}`,
            status: 'eq.open',
          }}
          withFile={false}
          height="22rem"
          empty={<EmptyState title="None is open in this file" />}
        />
      </Section>
    </Stack>
  );
}

function shown(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 2 });
  return plainText(typeof value === 'string' ? value : JSON.stringify(value));
}
