import { Anchor, Button, CloseButton, Group, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useCan, useRead } from '../../api/hooks.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { between } from '../../parts/duration.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { ErrorState, LoadingState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { Attempts } from '../tasks/attempts.tsx';
import type { Task } from '../tasks/types.ts';
import { countsOf, type StepNode, stepStatus } from './run-graph.ts';
import { SendEvent } from './send-event.tsx';
import { type Definition, endOf, hasEnded, type Run, type Step, type StepDefinition } from './types.ts';

interface StepPanelProps {
  readonly node: StepNode;
  /** The node, or one of its steps. */
  readonly chosen: string | undefined;
  readonly run?: Run;
  readonly definition?: Definition;
  readonly onChoose: (id: string | undefined) => void;
  readonly onClose: () => void;
  readonly onUnfold?: (path: string) => void;
}

const listed_max = 100;

/** What a step was given, what it came to, and how often it was tried. */
export function StepPanel({ node, chosen, run, definition, onChoose, onClose, onUnfold }: StepPanelProps) {
  const step = node.steps.find(({ key }) => key === chosen) ?? (node.steps.length === 1 ? node.steps[0] : undefined);
  const defined = definition && findStep(definition.steps, node.id);
  const name = step?.key ?? node.title;
  return (
    <Section
      title={plainText(`Step ${name}`, 120)}
      actions={<CloseButton aria-label="Close the step" onClick={onClose} />}
    >
      <Stack gap="sm">
        {step && run ? <OneStep step={step} run={run} /> : null}
        {!step && node.steps.length > 0 && run ? (
          <ManySteps node={node} run={run} onChoose={onChoose} {...(onUnfold ? { onUnfold } : {})} />
        ) : null}
        {node.steps.length === 0 ? (
          <Text size="sm" c="dimmed">
            {wordsWithoutRecord(node)}
          </Text>
        ) : null}
        {step && node.steps.length > 1 ? (
          <Button variant="default" onClick={() => onChoose(node.id)}>
            Show all {node.steps.length.toLocaleString('en')}
          </Button>
        ) : null}
        {defined ? <Boxed label="Definition" value={withoutSteps(defined)} /> : null}
      </Stack>
    </Section>
  );
}

function wordsWithoutRecord({ status, kind }: StepNode): string {
  if (status === 'left out') return 'The run went past it: its condition did not hold, or another was chosen.';
  if (status === 'not reached') return 'The run has not come to it.';
  if (kind === 'set') return 'It makes a value of others: nothing is recorded of it.';
  return 'It holds other steps.';
}

function findStep(steps: readonly StepDefinition[], key: string): StepDefinition | undefined {
  for (const step of steps) {
    const found = step.key === key ? step : findStep(step.steps ?? [], key);
    if (found) return found;
  }
  return undefined;
}

function withoutSteps({ steps, ...step }: StepDefinition): unknown {
  return steps ? { ...step, steps: steps.map(({ key }) => key) } : step;
}

function Boxed(props: { label: string; value: unknown }) {
  return (
    <div className="surface" style={{ padding: '0.75rem 1rem' }}>
      <JsonView {...props} />
    </div>
  );
}

function OneStep({ step, run }: { step: Step; run: Run }) {
  const mayWrite = useCan('workflow_runs:write');
  const [isSending, setSending] = useState(false);
  const isOpen = step.completed_at === null && !hasEnded(run.status);
  const exact = (at: string | null) => (at === null ? null : <ExactTime at={at} />);
  return (
    <>
      <DefinitionList
        label="About this step"
        entries={[
          ['State', <StatusBadge key="state" status={stepStatus(step, hasEnded(run.status))} />],
          ['Kind', step.kind],
          ['Attempts', step.attempts === 0 ? null : step.attempts],
          ['Took', between(step.started_at, endOf(step))],
          ['Begun', exact(step.started_at)],
          ['Ended', exact(endOf(step))],
          [step.status === 'retrying' ? 'Next attempt' : 'Goes on at the latest', isOpen ? exact(step.due_at) : null],
          ['Waits for the event', isOpen && step.event ? <PlainText text={step.event.name} /> : null],
          ['Cost', step.cost === 0 ? null : step.cost],
          ['See', linkOf(step)],
        ]}
      />
      {isOpen && step.event && mayWrite ? (
        <Group>
          <Button variant="default" onClick={() => setSending(true)}>
            Send this event
          </Button>
        </Group>
      ) : null}
      {isSending && step.event ? (
        <SendEvent runId={run.id} suggested={step.event} onClose={() => setSending(false)} />
      ) : null}
      {step.error ? <Boxed label="Error" value={step.error} /> : null}
      {step.kind === 'event' && step.event && step.event.match !== null ? (
        <Boxed label="What the event must contain" value={step.event.match} />
      ) : null}
      {step.task_id === null ? null : <Child step={step} />}
      {step.result_left_out ? (
        <LargeResult runId={run.id} stepKey={step.key} />
      ) : step.completed_at !== null && step.status === 'completed' && step.kind !== 'sleep' ? (
        <Boxed label="Result" value={step.result} />
      ) : null}
    </>
  );
}

function linkOf({ kind, task_id, approval_id }: Step) {
  const [to, words] =
    approval_id !== null
      ? [`/approvals/${approval_id}`, 'the approval']
      : task_id === null
        ? []
        : kind === 'workflow'
          ? [`/workflow-runs/${task_id}`, 'the run of that workflow']
          : [`/tasks/${task_id}`, 'the task, with its logs'];
  if (to === undefined) return null;
  return (
    <Anchor component={Link} to={to} size="sm" underline="always">
      {words}
    </Anchor>
  );
}

/** What the task was given that the step waits or waited for, and what became of its attempts. */
function Child({ step }: { step: Step }) {
  const child = useRead<Task>(`/v1/tasks/${step.task_id}`);
  if (child.error?.status === 404) return <Text size="sm">Its task is forgotten by now.</Text>;
  if (child.error) return <ErrorState error={child.error} onRetry={() => void child.refetch()} />;
  if (!child.data) return <LoadingState lines={2} />;
  return (
    <>
      <Boxed label="Input" value={child.data.payload} />
      <Text size="sm">
        Its task is <StatusBadge status={child.data.status} />, after {child.data.attempts} of {child.data.max_attempts}{' '}
        attempts.
      </Text>
      <Attempts attempts={child.data.failed_attempts} />
    </>
  );
}

/** The run leaves out what is long: it is read when somebody wants it. */
function LargeResult({ runId, stepKey }: { runId: string; stepKey: string }) {
  const [isWanted, setWanted] = useState(false);
  const read = useRead<readonly { result: unknown }[]>(
    '/rest/v1/workflow_step_runs',
    { run_id: `eq.${runId}`, key: `eq.${stepKey}`, select: 'result' },
    { enabled: isWanted },
  );
  if (read.data) return <Boxed label="Result" value={read.data[0]?.result} />;
  if (read.error) return <ErrorState error={read.error} onRetry={() => void read.refetch()} />;
  return (
    <Group>
      <Button variant="default" loading={read.isFetching} onClick={() => setWanted(true)}>
        Show the result, which is large
      </Button>
    </Group>
  );
}

function ManySteps({
  node,
  run,
  onChoose,
  onUnfold,
}: Required<Pick<StepPanelProps, 'node' | 'run' | 'onChoose'>> & Pick<StepPanelProps, 'onUnfold'>) {
  const { steps, folded, id } = node;
  const shown = steps.slice(0, listed_max);
  return (
    <>
      <Group justify="space-between">
        <Text size="sm">{countsOf(steps)}</Text>
        {folded !== undefined && onUnfold ? (
          <Button variant="default" onClick={() => onUnfold(id)}>
            Draw all {folded.toLocaleString('en')} branches
          </Button>
        ) : null}
      </Group>
      <Table.ScrollContainer
        minWidth={320}
        mah="20rem"
        className="surface"
        type="native"
        tabIndex={0}
        role="region"
        aria-label="Steps of all branches and rounds"
      >
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Step</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Begun</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((step) => (
              <Table.Tr key={step.key}>
                <Table.Td>
                  <Anchor component="button" type="button" size="sm" onClick={() => onChoose(step.key)}>
                    <PlainText text={step.key} chars={200} />
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <StatusBadge status={stepStatus(step, hasEnded(run.status))} />
                </Table.Td>
                <Table.Td>
                  <Time at={step.started_at} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {steps.length > shown.length ? (
        <Text size="sm" c="dimmed">
          The first {listed_max} are listed; the table below has all.
        </Text>
      ) : null}
    </>
  );
}
