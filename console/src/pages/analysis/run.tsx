import { Alert, Anchor, Box, Code, Group, Stack, Table, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { useRead } from '../../api/hooks.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime } from '../../parts/time.tsx';
import type { Repository } from '../repositories/types.ts';
import { RepositoryRuns } from './repository-runs.tsx';
import { Score } from './score.tsx';
import { type ComplexFunction, effort, type RunDetail, runName, severities, type WorstFile } from './types.ts';

const refresh_ms = 3_000;
const isOver = (status: string) => ['completed', 'failed', 'cancelled'].includes(status);

export function RunPage() {
  const { id = '' } = useParams();
  const path = `/v1/analysis-runs/${encodeURIComponent(id)}`;
  const { data: run, error, refetch } = useRead<RunDetail>(path);
  // the same answer, asked for again while files still come in
  useRead<RunDetail>(path, {}, { enabled: run !== undefined && !isOver(run.status), refetchEveryMs: refresh_ms });
  if (run) return <Found run={run} />;
  return <DetailState name="Analysis run" listPath="/analysis" error={error} onRetry={() => void refetch()} />;
}

function Found({ run }: { run: RunDetail }) {
  const repository = useRead<Repository>(`/v1/repositories/${run.repository_id}`);
  const name = repository.data?.full_name ?? 'Analysis';
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(`${name}: ${runName(run)}`, 300)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={run.status} />
            <Score score={run.quality_score} rating={run.rating} />
          </Group>
        }
      />
      {run.error ? (
        <Alert color="red" title={plainText(run.error.code ?? 'error', 100)} icon={<IconAlertTriangle aria-hidden />}>
          <Text size="sm" c="var(--mantine-color-text)" style={{ overflowWrap: 'anywhere' }}>
            <PlainText text={run.error.message ?? 'No message was kept.'} chars={4_000} />
          </Text>
        </Alert>
      ) : null}
      <Facts run={run} repository={repository.data} />
      <HowItIsMadeUp run={run} />
      <WorstFiles run={run} />
      <ComplexFunctions run={run} />
      <RepositoryRuns repositoryId={run.repository_id} />
    </Stack>
  );
}

function Facts({ run, repository }: { run: RunDetail; repository: Repository | undefined }) {
  const to = (path: string, text: ReactNode) => (
    <Anchor component={Link} to={path} size="sm" underline="always">
      {text}
    </Anchor>
  );
  const failed = run.files_failed > 0 ? `, ${run.files_failed.toLocaleString('en')} could not be read` : '';
  const languages = Object.entries(run.totals.languages ?? {}).map(
    ([language, { files, codeLines }]) =>
      `${language}: ${files.toLocaleString('en')} files, ${codeLines.toLocaleString('en')} lines`,
  );
  return (
    <DefinitionList
      label="About this run"
      entries={[
        ['Repository', to(`/repositories/${run.repository_id}`, <PlainText text={repository?.full_name ?? 'open'} />)],
        ['Branch', run.branch === null ? null : <PlainText text={run.branch} />],
        ['Commit', run.commit_sha === null ? null : <Code>{run.commit_sha}</Code>],
        ['Files', `${run.files_analyzed.toLocaleString('en')} of ${run.files_total.toLocaleString('en')}${failed}`],
        ['Functions', run.functions_total.toLocaleString('en')],
        ['Lines of code', run.lines_code.toLocaleString('en')],
        ['Languages', languages.join('; ')],
        [
          'Issues',
          to(
            `/issues?repository=${run.repository_id}&status=open`,
            `${run.issues_total.toLocaleString('en')} in this run`,
          ),
        ],
        ['Started', run.started_at === null ? null : <ExactTime at={run.started_at} />],
        ['Ended', run.completed_at === null ? null : <ExactTime at={run.completed_at} />],
        ['Task', run.task_id === null ? null : to(`/tasks/${run.task_id}`, 'the task that ran it')],
        ['Event', run.event_id === null ? null : to(`/events/${run.event_id}`, 'the event it came from')],
      ]}
    />
  );
}

/** The score with what it was counted from, and the formula as the server says it. */
function HowItIsMadeUp({ run }: { run: RunDetail }) {
  const { quality, counts } = run.totals;
  if (run.quality_score === null || quality === undefined) return null;
  const ratio = quality.debtRatio === null ? '–' : `${(quality.debtRatio * 100).toFixed(2)} %`;
  return (
    <Section title="How the score is made up">
      <DefinitionList
        label="How the score is made up"
        entries={[
          ['Score', <Score key="score" score={run.quality_score} rating={run.rating} />],
          ['Debt', `${effort(run.debt_minutes)}: what it would take to mend every issue`],
          ['Cost', `30 min for each of ${run.lines_code.toLocaleString('en')} lines`],
          ['Ratio of the two', ratio],
          [
            'Issues by severity',
            severities
              .filter((one) => (counts?.bySeverity[one] ?? 0) > 0)
              .map((one) => `${counts?.bySeverity[one]?.toLocaleString('en')} ${one}`)
              .join(', ') || 'none',
          ],
          ['Counted by', `${quality.definition}, version ${quality.version}`],
        ]}
      />
      <Box className="surface" p="md" mt="sm">
        <Text size="sm" fw={600} mb={4}>
          Formula
        </Text>
        <Code block tabIndex={0} role="region" aria-label="Formula" style={{ whiteSpace: 'pre-wrap' }}>
          {run.quality_score_formula}
        </Code>
      </Box>
    </Section>
  );
}

function WorstFiles({ run }: { run: RunDetail }) {
  const rows = run.worst_files.filter(({ debt_minutes }: WorstFile) => debt_minutes > 0);
  return (
    <Section
      title="Files with the most debt"
      actions={
        <Anchor component={Link} to={`/analysis/${run.id}/files`} size="sm">
          All files
        </Anchor>
      }
    >
      {rows.length === 0 ? (
        <EmptyState title={isOver(run.status) ? 'No file has an issue' : 'Not counted yet'} />
      ) : (
        <Plain
          label="Files with the most debt"
          head={['File', 'Debt', 'Issues', 'Lines', 'Cognitive', 'Cyclomatic']}
          rows={rows.map((file) => ({
            key: file.id,
            cells: [
              <Anchor key="file" component={Link} to={`/analysis/${run.id}/files/${file.id}`} size="sm">
                <PlainText text={file.file_path} chars={300} />
              </Anchor>,
              effort(file.debt_minutes),
              file.issues_total,
              file.lines_code ?? '–',
              file.cognitive ?? '–',
              file.cyclomatic ?? '–',
            ],
          }))}
        />
      )}
    </Section>
  );
}

function ComplexFunctions({ run }: { run: RunDetail }) {
  if (run.most_complex_functions.length === 0) return null;
  return (
    <Section title="Most complex functions">
      <Plain
        label="Most complex functions"
        head={['Function', 'File', 'Line', 'Lines', 'Cognitive', 'Cyclomatic', 'Nesting']}
        rows={run.most_complex_functions.map((one: ComplexFunction) => ({
          key: one.id,
          cells: [
            <PlainText key="name" text={one.element_path} chars={200} />,
            <Anchor key="file" component={Link} to={`/analysis/${run.id}/files/${one.file_id}`} size="sm">
              <PlainText text={one.file_path} chars={200} />
            </Anchor>,
            one.start_line,
            one.lines_code ?? '–',
            one.cognitive ?? '–',
            one.cyclomatic ?? '–',
            one.nesting_max ?? '–',
          ],
        }))}
      />
    </Section>
  );
}

interface PlainProps {
  readonly label: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly ReactNode[] }[];
}

/** A short table whose first columns are text and the others numbers. */
function Plain({ label, head, rows }: PlainProps) {
  return (
    <Table.ScrollContainer
      minWidth={640}
      className="surface"
      type="native"
      tabIndex={0}
      aria-label={label}
      role="region"
    >
      <Table>
        <Table.Thead>
          <Table.Tr>
            {head.map((title) => (
              <Table.Th key={title}>{title}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ key, cells }) => (
            <Table.Tr key={key}>
              {cells.map((cell, index) => (
                <Table.Td key={head[index]} style={{ overflowWrap: 'anywhere' }}>
                  {cell}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
