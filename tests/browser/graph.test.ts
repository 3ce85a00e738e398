/** What the console draws of a run, without a browser: where boxes go, and what they say. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapeOfDefinition } from '../../console/src/pages/workflow-runs/definition-graph.ts';
import { nodesOf, shapeOfRun } from '../../console/src/pages/workflow-runs/run-graph.ts';
import type { Step, StepDefinition } from '../../console/src/pages/workflow-runs/types.ts';
import { draw, node_px, type Shape } from '../../console/src/parts/graph/layout.ts';

const node = (name: number): Shape<number> => ({ kind: 'node', node: name });

/** Shapes with each node once. */
const shapes = fc
  .letrec<{ shape: Shape<null> }>((tie) => ({
    shape: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constant<Shape<null>>({ kind: 'node', node: null }),
      fc.array(tie('shape'), { maxLength: 5 }).map((items) => ({ kind: 'sequence' as const, items })),
      fc.array(tie('shape'), { maxLength: 5 }).map((branches) => ({ kind: 'branches' as const, branches })),
      fc
        .tuple(fc.array(tie('shape'), { maxLength: 6 }), fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 10 }))
        .map(([items, pairs]) => ({
          kind: 'graph' as const,
          items,
          edges: pairs.filter(([from, to]) => from < to && to < items.length),
        })),
    ),
  }))
  .shape.map((shape) => {
    let count = 0;
    const named = (one: Shape<null>): Shape<number> => {
      if (one.kind === 'node') return node(count++);
      if (one.kind === 'branches') return { kind: 'branches', branches: one.branches.map(named) };
      return { ...one, items: one.items.map(named) };
    };
    return named(shape);
  });

const graphOf = (count: number, edges: readonly (readonly [number, number])[]): Shape<number> => ({
  kind: 'graph',
  items: Array.from({ length: count }, (_, place) => node(place)),
  edges,
});

describe('where boxes go', () => {
  it('every box has a place of its own inside the picture, and equal shapes look equal', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { nodes, lines, dots, width, height } = draw(shape);
        expect(nodes.map((box) => box.node).sort((a, b) => a - b)).toEqual(nodesOf(shape));
        const points = [...dots, ...lines.flatMap((line) => line.points)];
        for (const { x, y } of points) expect([x >= 0, y >= 0, x <= width, y <= height]).not.toContain(false);
        for (const [place, a] of nodes.entries()) {
          expect([a.x >= 0, a.y >= 0, a.x + node_px.width <= width, a.y + node_px.height <= height]).not.toContain(
            false,
          );
          for (const b of nodes.slice(place + 1)) {
            const isApart = Math.abs(a.x - b.x) >= node_px.width || Math.abs(a.y - b.y) >= node_px.height;
            expect(isApart, `${a.node} lies on ${b.node}`).toBe(true);
          }
        }
        expect(draw(shape)).toEqual(draw(shape));
      }),
      { seed: 4, numRuns: 150 },
    );
  });

  it('what depends on another lies below it, also with more lines than can be untangled', () => {
    const bipartite = Array.from({ length: 100 }, (_, from) => from).flatMap((from) =>
      Array.from({ length: 100 }, (_, to) => [from, 100 + to] as const),
    );
    const complete = Array.from({ length: 200 }, (_, from) => from).flatMap((from) =>
      Array.from({ length: 199 - from }, (_, to) => [from, from + to + 1] as const),
    );
    const diamond = [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
      [0, 3],
      [0, 3],
    ] as const;
    for (const [count, edges] of [
      [200, bipartite],
      [200, complete],
      [4, diamond],
    ] as const) {
      const { nodes } = draw(graphOf(count, edges));
      const yOf = new Map(nodes.map((box) => [box.node, box.y]));
      expect(edges.every(([from, to]) => (yOf.get(from) ?? 0) < (yOf.get(to) ?? 0))).toBe(true);
    }
    // what a longer way says is not drawn twice: a chain is left
    expect(draw(graphOf(200, complete)).lines).toHaveLength(199);
    expect(draw(graphOf(4, diamond)).lines).toHaveLength(4);
  });

  it('a thousand boxes in a row, and a thousand side by side', () => {
    const items = Array.from({ length: 1_000 }, (_, place) => node(place));
    expect(draw({ kind: 'sequence', items }).nodes).toHaveLength(1_000);
    expect(draw({ kind: 'branches', branches: items }).dots).toHaveLength(2);
    expect(draw({ kind: 'sequence', items: [] })).toMatchObject({ width: 0, nodes: [] });
  });
});

let second = 0;
function step(key: string, more: Partial<Step> = {}): Step {
  const name = key.slice(key.lastIndexOf('/') + 1).replace(/#\d+$/, '');
  const at = new Date(Date.UTC(2026, 0, 1) + 1_000 * second++).toISOString();
  return {
    key,
    name,
    place: 0,
    kind: 'step',
    status: 'completed',
    result: null,
    result_left_out: false,
    error: null,
    attempts: 1,
    cost: 0,
    task_id: null,
    task_status: null,
    approval_id: null,
    event: null,
    due_at: null,
    started_at: at,
    completed_at: at,
    ...more,
  };
}

describe('a run of code', () => {
  const steps = [
    step('first'),
    step('all/0/a'),
    step('all/1/inner/0/b'),
    step('all/1/inner/1/c', { status: 'failed' }),
    step('all/1/after', { place: 0 }),
    step('all#2/0/again'),
    step('last', { place: 1, status: 'waiting', completed_at: null }),
  ];
  const shown = (hasRunEnded = false) =>
    nodesOf(shapeOfRun(steps, { hasRunEnded, isOpen: () => false })).map(({ id, after, status }) => [
      id,
      after,
      status,
    ]);

  it('has its steps in their order, in the branches their keys name, each with what it comes after', () => {
    expect(shown()).toEqual([
      ['first', [], 'completed'],
      ['all/0/a', ['first'], 'completed'],
      ['all/1/inner/0/b', ['first'], 'completed'],
      ['all/1/inner/1/c', ['first'], 'failed'],
      ['all/1/after', ['all/1/inner/0/b', 'all/1/inner/1/c'], 'completed'],
      ['all#2/0/again', ['all/0/a', 'all/1/after'], 'completed'],
      ['last', ['all#2/0/again'], 'waiting'],
    ]);
    expect(shown(true).at(-1)).toEqual(['last', ['all#2/0/again'], 'stopped']);
  });

  it('folds what has many branches, and says of them all what is most worth knowing', () => {
    const many = Array.from({ length: 200 }, (_, n) => step(`items/${n}/x`, n === 7 ? { status: 'retrying' } : {}));
    const folded = nodesOf(shapeOfRun(many, { hasRunEnded: false, isOpen: () => false }));
    expect(folded).toMatchObject([
      {
        id: 'items/',
        title: 'items, 200 branches',
        folded: 200,
        status: 'retrying',
        note: '199 of 200 completed',
      },
    ]);
    const open = nodesOf(shapeOfRun(many, { hasRunEnded: false, isOpen: (path) => path === 'items/' }));
    expect(open.map(({ id }) => id)).toEqual(many.map(({ key }) => key));
  });
});

describe('a run of a workflow that is data', () => {
  const task = (key: string, more: Partial<StepDefinition> = {}): StepDefinition => ({ key, type: 'task', ...more });
  const states = (execution_type: string, steps: StepDefinition[], recorded: readonly Step[], runStatus = 'waiting') =>
    Object.fromEntries(
      nodesOf(shapeOfDefinition({ execution_type, steps }, { steps: recorded, runStatus })).map(({ id, status }) => [
        id,
        status,
      ]),
    );

  it('tells what it has come to from what it left out and what is still before it', () => {
    const steps = [task('a', { if: 'false' }), task('b'), task('c')];
    expect(states('sequential', steps, [step('b')])).toEqual({ a: 'left out', b: 'completed', c: 'not reached' });
    expect(states('sequential', steps, [step('b')], 'completed')).toMatchObject({ c: 'left out' });
    expect(states('conditional', steps, [step('b')])).toEqual({
      '/': '',
      a: 'left out',
      b: 'completed',
      c: 'left out',
    });
    const graph = [task('d', { depends_on: ['e', 'f'] }), task('e'), task('f', { type: 'set' })];
    expect(states('dag', graph, [step('dag/1/e')])).toEqual({ d: 'not reached', e: 'completed', f: 'not reached' });
    expect(states('dag', graph, [step('dag/0/d')])).toEqual({ d: 'completed', e: 'left out', f: 'not recorded' });
    const group = [task('g', { type: 'group', execution_type: 'parallel', steps: [task('h'), task('i')] }), task('j')];
    expect(states('sequential', group, [step('g/0/h')])).toEqual({
      g: 'reached',
      h: 'completed',
      i: 'not reached',
      j: 'not reached',
    });
  });

  it('says how rounds and items of a step went, and what each comes after', () => {
    const rounds = [step('x'), step('x#2', { status: 'failed' })];
    const definition = { execution_type: 'loop', steps: [task('x')], max_iterations: 5 };
    expect(nodesOf(shapeOfDefinition(definition, { steps: rounds, runStatus: 'failed' }))).toMatchObject([
      { id: '/', kind: 'loop', note: 'up to 5 rounds' },
      { id: 'x', status: 'failed', note: '1 of 2 completed, 1 failed' },
    ]);
    const dag = { execution_type: 'dag', steps: [task('b', { depends_on: ['a'] }), task('a')] };
    expect(nodesOf(shapeOfDefinition(dag, { steps: [] })).map(({ id, after }) => [id, after])).toEqual([
      ['b', ['a']],
      ['a', []],
    ]);
  });
});
