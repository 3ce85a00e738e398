import { Anchor, Box, Grid } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { type Column, DataTable, rowsOf } from '../../parts/data-table.tsx';
import { between } from '../../parts/duration.ts';
import { type BoxText, Graph } from '../../parts/graph/graph.tsx';
import type { Shape } from '../../parts/graph/layout.ts';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { nodesOf, type StepNode } from './run-graph.ts';
import { StepPanel } from './step-panel.tsx';
import { type Definition, endOf, type Run } from './types.ts';

interface StepsProps {
  /** Undefined: a definition, without a run. */
  readonly run?: Run;
  readonly drawn: Shape<StepNode>;
  /** The same with all branches. */
  readonly listed: Shape<StepNode>;
  readonly definition?: Definition;
  readonly onUnfold?: (path: string) => void;
}

/** The picture of the steps, the table that says the same, and the step that is chosen: its key is in the address. */
export function Steps({ run, drawn, listed, definition, onUnfold }: StepsProps) {
  const [parameters, setParameters] = useSearchParams();
  const chosen = parameters.get('step') ?? undefined;
  const choose = (id: string | undefined) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before);
        if (id === undefined) after.delete('step');
        else after.set('step', id);
        return after;
      },
      { replace: true },
    );
  const nodes = nodesOf(drawn);
  const rows = nodesOf(listed);
  const node =
    [...nodes, ...rows].find(({ id }) => id === chosen) ??
    nodes.find(({ steps }) => steps.some(({ key }) => key === chosen));
  if (rows.length === 0) {
    return <EmptyState title="No step yet">Steps are shown as soon as the run comes to them.</EmptyState>;
  }
  return (
    <>
      <Grid>
        <Grid.Col span={node ? { base: 12, lg: 7 } : 12}>
          <Graph
            label="Picture of the steps; the table below says the same"
            shape={asBoxes(drawn)}
            selected={node?.id}
            onSelect={(id) => choose(id === chosen ? undefined : id)}
          />
        </Grid.Col>
        {node ? (
          <Grid.Col span={{ base: 12, lg: 5 }}>
            <StepPanel
              node={node}
              chosen={chosen}
              onChoose={choose}
              onClose={() => choose(undefined)}
              {...(run ? { run } : {})}
              {...(definition ? { definition } : {})}
              {...(onUnfold ? { onUnfold } : {})}
            />
          </Grid.Col>
        ) : null}
      </Grid>
      <Box mt="md">
        <DataTable
          label="Steps"
          columns={run ? [...columns(choose), ...runColumns] : columns(choose)}
          source={rowsOf(rows)}
          rowKey={({ id }) => id}
          onOpen={({ id }) => choose(id)}
          empty={null}
          height="24rem"
        />
      </Box>
    </>
  );
}

function asBoxes(shape: Shape<StepNode>): Shape<BoxText> {
  switch (shape.kind) {
    case 'node':
      return { kind: 'node', node: boxOf(shape.node) };
    case 'branches':
      return { kind: 'branches', branches: shape.branches.map(asBoxes) };
    default:
      return { ...shape, items: shape.items.map(asBoxes) };
  }
}

/** Words for what a run came to only on its way, not for steps. */
const faint: readonly string[] = ['not reached', 'left out', 'not recorded'];

function boxOf({ id, title, kind, steps, status, note, folded }: StepNode): BoxText {
  const [only] = steps.length === 1 ? steps : [];
  const attempts = (only?.attempts ?? 0) > 1 ? `attempt ${only?.attempts}` : '';
  const took = only ? (between(only.started_at, endOf(only)) ?? '') : '';
  // there is room for few words: that it was tried again says more than that it is a step
  const what = folded !== undefined || (kind === 'step' && attempts !== '') ? '' : kind;
  const about = [what, attempts, took, note ?? ''].filter((word) => word !== '').join(' · ');
  return { id, title, status, about, isFaint: faint.includes(status) };
}

const columns = (choose: (id: string) => void): Column<StepNode>[] => [
  {
    id: 'step',
    title: 'Step',
    width: 'minmax(11rem, 2fr)',
    render: ({ id }) => (
      <Anchor component="button" type="button" size="sm" onClick={() => choose(id)}>
        <PlainText text={id === '/' ? 'start' : id} chars={200} />
      </Anchor>
    ),
  },
  { id: 'kind', title: 'Kind', width: '7rem', render: ({ kind }) => kind },
  {
    id: 'after',
    title: 'Comes after',
    width: 'minmax(9rem, 2fr)',
    render: ({ after }) => (after.length === 0 ? 'the beginning' : <PlainText text={said(after)} chars={300} />),
  },
  {
    id: 'note',
    title: 'Condition, branches',
    width: 'minmax(8rem, 2fr)',
    render: ({ note }) => (note === undefined ? null : <PlainText text={note} chars={300} />),
  },
];

const runColumns: readonly Column<StepNode>[] = [
  {
    id: 'status',
    title: 'State',
    width: '9rem',
    render: ({ status }) => (status === '' ? null : <StatusBadge status={status} />),
  },
  {
    id: 'attempts',
    title: 'Attempts',
    width: '6rem',
    align: 'end',
    render: ({ steps }) => steps.reduce((sum, { attempts }) => sum + attempts, 0) || null,
  },
  {
    id: 'took',
    title: 'Took',
    width: '7rem',
    align: 'end',
    render: ({ steps: [first, ...more] }) =>
      first && more.length === 0 ? between(first.started_at, endOf(first)) : null,
  },
];

function said(after: readonly string[]): string {
  const shown = after.slice(0, 3).map((id) => id.replace(/\/$/, ''));
  return after.length > 3 ? `${shown.join(', ')} and ${after.length - 3} more` : shown.join(', ');
}
