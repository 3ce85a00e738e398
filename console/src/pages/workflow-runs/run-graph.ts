import type { Shape } from '../../parts/graph/layout.ts';
import type { Step } from './types.ts';

/** A box of the picture, and a line of the table that says the same. */
export interface StepNode {
  /** The key of its step, or for a folded block `<path>/`; of a workflow that is data the key of the step there. */
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  /** What is recorded of it: nothing yet, one step, or one of each branch and round. */
  readonly steps: readonly Step[];
  readonly status: string;
  /** In few words: a condition, how many of its branches are done. */
  readonly note?: string;
  /** Titles of those it comes directly after. */
  readonly after: readonly string[];
  /** The branches it stands for, where there are too many to draw. */
  readonly folded?: number;
}

/** Of a block with more branches than these one box is drawn, until somebody unfolds it. */
export const branches_drawn_max = 8;

interface Block {
  readonly name: string;
  /** All keys in it begin with this. */
  readonly path: string;
  readonly branches: Map<number, Sequence>;
}

interface Sequence {
  readonly steps: Step[];
  readonly blocks: Map<string, Block>;
}

const emptySequence = (): Sequence => ({ steps: [], blocks: new Map() });

/** The recorded steps of a run as they stand in each other: keys say the branch, places the order in it. */
function nest(steps: readonly Step[]): Sequence {
  const root = emptySequence();
  for (const step of steps) {
    const parts = step.key.split('/');
    let sequence = root;
    let path = '';
    for (let at = 0; at + 2 < parts.length; at += 2) {
      const name = parts[at] as string;
      const index = Number(parts[at + 1]);
      path += `${name}/`;
      let block = sequence.blocks.get(name);
      if (!block) {
        block = { name, path, branches: new Map() };
        sequence.blocks.set(name, block);
      }
      let branch = block.branches.get(index);
      if (!branch) {
        branch = emptySequence();
        block.branches.set(index, branch);
      }
      path += `${parts[at + 1]}/`;
      sequence = branch;
    }
    sequence.steps.push(step);
  }
  return root;
}

function stepsIn(block: Block): Step[] {
  return [...block.branches.values()].flatMap(({ steps, blocks }) => [
    ...steps,
    ...[...blocks.values()].flatMap(stepsIn),
  ]);
}

/** Steps by their places; a block stands before what began after it, for all its branches are waited for. */
function inOrder({ steps, blocks }: Sequence): (Step | Block)[] {
  const items: (Step | Block)[] = [...steps].sort((a, b) => a.place - b.place);
  const began = (block: Block) =>
    stepsIn(block).reduce((least, { started_at }) => (started_at < least ? started_at : least), '~');
  const sorted = [...blocks.values()]
    .map((block) => ({ block, at: began(block) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  for (const { block, at } of sorted) {
    const before = items.findIndex((item) => ('key' in item ? item.started_at > at : false));
    items.splice(before === -1 ? items.length : before, 0, block);
  }
  return items;
}

/** The words for a step that has not ended although its run has. */
export function stepStatus({ status }: Step, hasRunEnded: boolean): string {
  return hasRunEnded && (status === 'waiting' || status === 'retrying') ? 'stopped' : status;
}

const worst = ['failed', 'retrying', 'running', 'waiting', 'stopped', 'completed'];

/** Of many steps what is most worth knowing: that one failed, that one waits, that all are done. */
export function statusOfAll(steps: readonly Step[], hasRunEnded: boolean): string {
  const statuses = new Set(steps.map((step) => stepStatus(step, hasRunEnded)));
  return worst.find((status) => statuses.has(status)) ?? 'completed';
}

/** "3 of 5 completed, 1 failed". */
export function countsOf(steps: readonly Step[]): string {
  const of = (status: string) => steps.filter((step) => step.status === status).length;
  const failed = of('failed');
  return `${of('completed')} of ${steps.length} completed${failed > 0 ? `, ${failed} failed` : ''}`;
}

/** A run of a workflow of code: what is recorded, in its order and branches. */
export function shapeOfRun(
  steps: readonly Step[],
  { hasRunEnded, isOpen }: { hasRunEnded: boolean; isOpen: (path: string) => boolean },
): Shape<StepNode> {
  const sequence = (
    given: Sequence,
    before: readonly string[],
  ): { shape: Shape<StepNode>; last: readonly string[] } => {
    let last = before;
    const items = inOrder(given).map((item): Shape<StepNode> => {
      if ('key' in item) {
        const node: StepNode = {
          id: item.key,
          title: item.key.slice(item.key.lastIndexOf('/') + 1),
          kind: item.kind,
          steps: [item],
          status: stepStatus(item, hasRunEnded),
          after: last,
        };
        last = [item.key];
        return { kind: 'node', node };
      }
      const made = block(item, last);
      last = made.last;
      return made.shape;
    });
    return { shape: { kind: 'sequence', items }, last };
  };
  const block = (given: Block, before: readonly string[]): { shape: Shape<StepNode>; last: readonly string[] } => {
    const inside = stepsIn(given);
    if (given.branches.size > branches_drawn_max && !isOpen(given.path)) {
      const node: StepNode = {
        id: given.path,
        title: `${given.name}, ${given.branches.size} branches`,
        kind: 'branches',
        steps: inside,
        status: statusOfAll(inside, hasRunEnded),
        note: countsOf(inside),
        after: before,
        folded: given.branches.size,
      };
      return { shape: { kind: 'node', node }, last: [given.path] };
    }
    const branches = [...given.branches.entries()].sort(([a], [b]) => a - b).map(([, one]) => sequence(one, before));
    return {
      shape: { kind: 'branches', branches: branches.map(({ shape }) => shape) },
      last: branches.flatMap(({ last }) => last),
    };
  };
  return sequence(nest(steps), []).shape;
}

/** All nodes of a shape, in the order they are read. */
export function nodesOf<T>(shape: Shape<T>): T[] {
  switch (shape.kind) {
    case 'node':
      return [shape.node];
    case 'branches':
      return shape.branches.flatMap(nodesOf);
    default:
      return shape.items.flatMap(nodesOf);
  }
}
