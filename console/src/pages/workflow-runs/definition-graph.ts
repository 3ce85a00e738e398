import type { Shape } from '../../parts/graph/layout.ts';
import { countsOf, type StepNode, statusOfAll } from './run-graph.ts';
import type { Definition, Step, StepDefinition } from './types.ts';

interface Recorded {
  readonly steps: readonly Step[];
  /** Undefined: there is no run, the definition alone is drawn. */
  readonly runStatus?: string;
}

/** A workflow that is data, with what its run has come to: also the steps it has not reached, and those it left out. */
export function shapeOfDefinition(definition: Definition, { steps, runStatus }: Recorded): Shape<StepNode> {
  const byName = new Map<string, Step[]>();
  for (const step of steps) byName.set(step.name, [...(byName.get(step.name) ?? []), step]);
  const recorded = (key: string): readonly Step[] => byName.get(key) ?? [];
  const hasRunEnded = runStatus === 'completed' || runStatus === 'failed' || runStatus === 'cancelled';

  const isReached = (step: StepDefinition): boolean =>
    recorded(step.key).length > 0 || (step.steps ?? []).some(isReached);

  const statusOf = (step: StepDefinition, isPassed: boolean): string => {
    const own = recorded(step.key);
    if (own.length > 0) return statusOfAll(own, hasRunEnded);
    if (runStatus === undefined) return '';
    if (step.type === 'group') return isReached(step) ? 'reached' : isPassed ? 'left out' : 'not reached';
    // its value is made in passing, and nothing is kept of it but the output
    if (step.type === 'set') return isPassed ? 'not recorded' : 'not reached';
    return isPassed ? 'left out' : 'not reached';
  };

  const nodeOf = (step: StepDefinition, after: readonly string[], isPassed: boolean): StepNode => {
    const own = recorded(step.key);
    const note = noteOf(step, own);
    return {
      id: step.key,
      title: step.key,
      kind: step.type === 'group' ? (step.execution_type ?? 'group') : step.type,
      steps: own,
      status: statusOf(step, isPassed),
      after,
      ...(note === '' ? {} : { note }),
    };
  };

  interface Drawn {
    readonly shape: Shape<StepNode>;
    readonly last: readonly string[];
  }

  const drawStep = (step: StepDefinition, after: readonly string[], isPassed: boolean): Drawn => {
    const node: Shape<StepNode> = { kind: 'node', node: nodeOf(step, after, isPassed) };
    if (step.type !== 'group') return { shape: node, last: [step.key] };
    const inside = drawGroup(step as Definition, [step.key], isPassed);
    return { shape: { kind: 'sequence', items: [node, inside.shape] }, last: inside.last };
  };

  const drawGroup = (group: Definition, after: readonly string[], isPassed: boolean): Drawn => {
    const { steps: children, execution_type } = group;
    if (execution_type === 'parallel' || execution_type === 'conditional') {
      const isChosen = execution_type === 'conditional' && children.some(isReached);
      const drawn = children.map((child) => drawStep(child, after, isPassed || isChosen));
      return {
        shape: { kind: 'branches', branches: drawn.map(({ shape }) => shape) },
        last: drawn.flatMap(({ last }) => last),
      };
    }
    if (execution_type === 'dag') return drawDag(children, after, isPassed);
    let last = after;
    const items = children.map((child, index) => {
      const drawn = drawStep(child, last, isPassed || children.slice(index + 1).some(isReached));
      last = drawn.last;
      return drawn.shape;
    });
    return { shape: { kind: 'sequence', items }, last };
  };

  const drawDag = (children: readonly StepDefinition[], after: readonly string[], isPassed: boolean): Drawn => {
    const placeOf = new Map(children.map(({ key }, place) => [key, place]));
    const dependants = (key: string) => children.filter(({ depends_on = [] }) => depends_on.includes(key));
    const drawn = children.map((child) => {
      const { depends_on = [] } = child;
      return drawStep(
        child,
        depends_on.length > 0 ? depends_on : after,
        isPassed || dependants(child.key).some(isReached),
      );
    });
    const edges = children.flatMap(({ key, depends_on = [] }) =>
      depends_on.map((before) => [placeOf.get(before) ?? 0, placeOf.get(key) ?? 0] as const),
    );
    return {
      shape: { kind: 'graph', items: drawn.map(({ shape }) => shape), edges },
      last: drawn.flatMap(({ last }, place) => (dependants(children[place]?.key ?? '').length === 0 ? last : [])),
    };
  };

  const whole = drawGroup(definition, [], runStatus === 'completed');
  if (definition.execution_type !== 'loop' && definition.execution_type !== 'conditional') return whole.shape;
  // how its steps follow each other is to be seen, as it is of groups
  const note = noteOf({ key: '', type: 'group', ...definition }, []);
  const head: StepNode = {
    id: '/',
    title: 'start',
    kind: definition.execution_type,
    steps: [],
    status: '',
    after: [],
    ...(note === '' ? {} : { note }),
  };
  return { kind: 'sequence', items: [{ kind: 'node', node: head }, whole.shape] };
}

function noteOf(step: StepDefinition, own: readonly Step[]): string {
  const words = [
    step.if === undefined ? '' : `if ${step.if}`,
    step.for_each === undefined ? '' : 'for each',
    step.while === undefined ? '' : `while ${step.while}`,
    step.max_iterations === undefined ? '' : `up to ${step.max_iterations} rounds`,
    own.length > 1 ? countsOf(own) : '',
  ];
  return words.filter((word) => word !== '').join(', ');
}
