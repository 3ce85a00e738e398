import { Alert, Anchor, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMemo } from 'react';
import { Link, useParams } from 'react-router';
import { useRead } from '../../api/hooks.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { between } from '../../parts/duration.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { usePeople } from '../projects/use-people.ts';
import { shapeOfDefinition } from './definition-graph.ts';
import { RunActions } from './run-actions.tsx';
import { shapeOfRun } from './run-graph.ts';
import { Steps } from './steps.tsx';
import { hasEnded, type Run, type WorkflowVersion } from './types.ts';
import { useOpenBlocks } from './use-open-blocks.ts';

const refresh_ms = 2_000;

export function RunPage() {
  const { id = '' } = useParams();
  const path = `/v1/workflow-runs/${encodeURIComponent(id)}`;
  const { data: run, error, refetch } = useRead<Run>(path);
  // the same answer, asked for again while something may still happen
  useRead<Run>(path, {}, { enabled: run !== undefined && !hasEnded(run.status), refetchEveryMs: refresh_ms });
  // a version never changes: read once
  const definition = useRead<WorkflowVersion>(`${path}/definition`, {}, { enabled: run?.kind === 'data' });
  if (run) return <Found run={run} version={definition.data} />;
  return <DetailState name="Run" listPath="/workflow-runs" error={error} onRetry={() => void refetch()} />;
}

function Found({ run, version }: { run: Run; version: WorkflowVersion | undefined }) {
  const blocks = useOpenBlocks();
  const { steps, status, kind } = run;
  const [drawn, listed] = useMemo(() => {
    if (kind === 'data') {
      const whole = version ? shapeOfDefinition(version.definition, { steps, runStatus: status }) : undefined;
      return [whole, whole];
    }
    const hasRunEnded = hasEnded(status);
    return [
      shapeOfRun(steps, { hasRunEnded, isOpen: blocks.isOpen }),
      shapeOfRun(steps, { hasRunEnded, isOpen: () => true }),
    ];
  }, [kind, steps, status, version, blocks.isOpen]);
  return (
    <Stack gap="lg">
      <PageHeader
        title={`${run.workflow} v${run.version}`}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={status} />
            <span>{wordsFor(run)}</span>
          </Group>
        }
        actions={<RunActions run={run} />}
      />
      {run.error ? <RunFailure run={run} /> : null}
      <Facts run={run} />
      <Section title="Steps">
        {drawn && listed ? (
          <Steps
            run={run}
            drawn={drawn}
            listed={listed}
            onUnfold={blocks.open}
            {...(version ? { definition: version.definition } : {})}
          />
        ) : null}
        {run.step_count > steps.length ? (
          <Text size="sm" c="dimmed" mt="xs">
            The first {steps.length.toLocaleString('en')} of {run.step_count.toLocaleString('en')} steps are shown.
          </Text>
        ) : null}
      </Section>
      {run.output === null ? null : <Json label="Output" value={run.output} />}
      <Json label="Input" value={run.input} />
    </Stack>
  );
}

/** What its state means just now. */
function wordsFor({ status, kind, step_count, ended_step_count }: Run): string {
  const waits = step_count - ended_step_count;
  if (status === 'running' && kind === 'code') return 'A step runs; it is recorded when it ends';
  if (status === 'waiting') return `${waits} ${waits === 1 ? 'step waits' : 'steps wait'}; no worker is held`;
  if (status === 'pending') return 'Waits for a worker';
  if (status === 'paused') return 'Held back until somebody resumes it';
  return '';
}

function Json(props: { label: string; value: unknown }) {
  return (
    <div className="surface" style={{ padding: '1rem' }}>
      <JsonView {...props} />
    </div>
  );
}

function RunFailure({ run: { error, status } }: { run: Run }) {
  return (
    <Alert
      color={status === 'failed' ? 'red' : 'gray'}
      title={plainText(error?.code ?? 'error', 100)}
      icon={<IconAlertTriangle aria-hidden />}
    >
      <Text size="sm" c="var(--mantine-color-text)" style={{ overflowWrap: 'anywhere' }}>
        <PlainText text={error?.message ?? 'No message was given.'} chars={4_000} />
      </Text>
    </Alert>
  );
}

function Facts({ run }: { run: Run }) {
  const exact = (at: string | null) => (at === null ? null : <ExactTime at={at} />);
  const people = usePeople();
  const { cost, cost_max } = run;
  return (
    <DefinitionList
      label="About this run"
      entries={[
        [
          'Workflow',
          run.kind === 'data' ? (
            <Anchor
              component={Link}
              to={`/workflows/${run.workflow}?version=${run.version}`}
              size="sm"
              underline="always"
            >
              {run.workflow} v{run.version}
            </Anchor>
          ) : (
            `${run.workflow} v${run.version}, of the program's code`
          ),
        ],
        ['Id', run.id],
        [
          'Task',
          <Anchor key="task" component={Link} to={`/tasks/${run.id}`} size="sm" underline="always">
            its task and logs
          </Anchor>,
        ],
        ['Begun', exact(run.created_at)],
        ['Ended', exact(run.completed_at)],
        ['Took', run.completed_at === null ? null : between(run.created_at, run.completed_at)],
        ['Wakes', run.wakes_at === null ? null : <Time at={run.wakes_at} />],
        ['Must end by', exact(run.deadline_at)],
        ['Correlation key', run.correlation_key === null ? null : <PlainText text={run.correlation_key} />],
        ['Cost', cost === 0 && cost_max === null ? null : cost_max === null ? cost : `${cost} of ${cost_max}`],
        [
          'Begun by',
          run.created_by === null ? null : <PlainText text={people.nameOf(run.created_by) ?? ''} chars={200} />,
        ],
      ]}
    />
  );
}
