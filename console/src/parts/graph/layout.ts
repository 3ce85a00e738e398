import { layeredLayout } from './layered.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is drawn, and how its parts follow each other. */
export type Shape<T> =
  | { readonly kind: 'node'; readonly node: T }
  /** One after the other, from the top down. */
  | { readonly kind: 'sequence'; readonly items: readonly Shape<T>[] }
  /** Side by side; all of them go on where they meet. */
  | { readonly kind: 'branches'; readonly branches: readonly Shape<T>[] }
  /** As `edges` (places in `items`) say; it has no circle. */
  | {
      readonly kind: 'graph';
      readonly items: readonly Shape<T>[];
      readonly edges: readonly (readonly [number, number])[];
    };

/** Where everything goes: corners of nodes, lines as SVG paths, and the dots at which lines meet. */
export interface Drawing<T> extends Size {
  readonly nodes: readonly (Point & { readonly node: T })[];
  readonly lines: readonly Line[];
  readonly dots: readonly Point[];
}

export interface Line {
  readonly points: readonly Point[];
  /** Whether it ends at a node, and has a tip. */
  readonly hasTip: boolean;
}

/** A part with the points at which lines come in and go out. */
interface Part<T> extends Drawing<T> {
  readonly entry: Point;
  readonly exit: Point;
  readonly begins: 'node' | 'dot';
}

export const node_px: Size = { width: 232, height: 62 };
const margin_px = 16;
/** Branches that are reached by curves. */
const curves_max = 8;
const gap_px = { across: 24, down: 34 } as const;

/** Lays a shape out: equal shapes equally, in time that grows with their size; graphs by `layeredLayout`. */
export function draw<T>(shape: Shape<T>): Drawing<T> {
  const part = partOf(shape);
  if (!part) return { width: 0, height: 0, nodes: [], lines: [], dots: [] };
  const { nodes, lines, dots, width, height } = moved(part, margin_px, margin_px);
  return { nodes, lines, dots, width: width + 2 * margin_px, height: height + 2 * margin_px };
}

/** Undefined: there is nothing in it. */
function partOf<T>(shape: Shape<T>): Part<T> | undefined {
  switch (shape.kind) {
    case 'node':
      return nodePart(shape.node);
    case 'sequence':
      return stacked(partsOf(shape.items));
    case 'branches':
      return beside(partsOf(shape.branches));
    case 'graph':
      return graphPart(shape.items, shape.edges);
  }
}

const partsOf = <T>(shapes: readonly Shape<T>[]): Part<T>[] => shapes.flatMap((shape) => partOf(shape) ?? []);

function nodePart<T>(node: T): Part<T> {
  const { width, height } = node_px;
  return {
    ...node_px,
    nodes: [{ node, x: 0, y: 0 }],
    lines: [],
    dots: [],
    entry: { x: width / 2, y: 0 },
    exit: { x: width / 2, y: height },
    begins: 'node',
  };
}

function stacked<T>(parts: readonly Part<T>[]): Part<T> | undefined {
  const width = Math.max(0, ...parts.map((part) => part.width));
  let y = 0;
  const placed = parts.map((part) => {
    const at = moved(part, (width - part.width) / 2, y);
    y += part.height + gap_px.down;
    return at;
  });
  const first = placed[0];
  const last = placed.at(-1);
  if (!first || !last) return undefined;
  const lines = placed.slice(1).map((part, index) => line((placed[index] as Part<T>).exit, part.entry, part.begins));
  return {
    ...together(placed, lines),
    width,
    height: y - gap_px.down,
    entry: first.entry,
    exit: last.exit,
    begins: first.begins,
  };
}

function beside<T>(parts: readonly Part<T>[]): Part<T> | undefined {
  if (parts.length < 2) return parts[0];
  const tallest = Math.max(...parts.map(({ height }) => height));
  let x = 0;
  const placed = parts.map((part) => {
    const at = moved(part, x, gap_px.down);
    x += part.width + gap_px.across;
    return at;
  });
  const width = x - gap_px.across;
  const entry = { x: width / 2, y: 0 };
  const exit = { x: width / 2, y: tallest + 2 * gap_px.down };
  const lines =
    parts.length > curves_max
      ? railed(placed, entry, exit)
      : placed.flatMap((part) => [line(entry, part.entry, part.begins), line(part.exit, exit, 'dot')]);
  const { nodes, dots, lines: all } = together(placed, lines);
  return { nodes, lines: all, dots: [...dots, entry, exit], width, height: exit.y, entry, exit, begins: 'dot' };
}

/** A rail above and one below, with a line to each: hundreds of curves from one point would be a grey band. */
function railed<T>(placed: readonly Part<T>[], entry: Point, exit: Point): Line[] {
  const [first, last] = [placed[0], placed.at(-1)];
  const rail = (y: number, port: (part: Part<T>) => Point) => [
    ...(first && last ? [line({ x: port(first).x, y }, { x: port(last).x, y }, 'dot')] : []),
  ];
  return [
    ...rail(entry.y, (part) => part.entry),
    ...placed.map((part) => line({ x: part.entry.x, y: entry.y }, part.entry, part.begins)),
    ...placed.map((part) => line(part.exit, { x: part.exit.x, y: exit.y }, 'dot')),
    ...rail(exit.y, (part) => part.exit),
  ];
}

function graphPart<T>(items: readonly Shape<T>[], edges: readonly (readonly [number, number])[]): Part<T> | undefined {
  const parts = items.map((item) => partOf(item));
  const present = parts.flatMap((part, index) => (part ? [{ part, index }] : []));
  const placeOf = new Map(present.map(({ index }, place) => [index, place]));
  const kept = edges.flatMap(([from, to]) => {
    const ends = [placeOf.get(from), placeOf.get(to)];
    return ends[0] === undefined || ends[1] === undefined ? [] : [[ends[0], ends[1]] as const];
  });
  const laidOut = layeredLayout(
    present.map(({ part }) => part),
    kept,
    gap_px,
  );
  const placed = present.map(({ part }, place) => {
    const { x, y } = laidOut.places[place] as Point;
    return moved(part, x, y);
  });
  if (placed.length < 2) return placed[0];
  const inner = laidOut.edges.map(({ from, to, bends }) => {
    const [start, end] = [placed[from] as Part<T>, placed[to] as Part<T>];
    return { points: [start.exit, ...bends, end.entry], hasTip: end.begins === 'node' };
  });
  const heads = placed.filter((_, place) => !kept.some(([, to]) => to === place));
  const tails = placed.filter((_, place) => !kept.some(([from]) => from === place));
  const { nodes, lines, dots } = together(placed, inner);
  const whole = { nodes, lines, dots, width: laidOut.width, height: laidOut.height };
  return withEnds(whole, heads, tails);
}

/** One point to come in and one to go out, where there are several. */
function withEnds<T>(whole: Drawing<T>, heads: readonly Part<T>[], tails: readonly Part<T>[]): Part<T> {
  const above = heads.length > 1 ? gap_px.down : 0;
  const below = tails.length > 1 ? gap_px.down : 0;
  const shift = (point: Point) => ({ x: point.x, y: point.y + above });
  const { nodes, lines, dots, width, height } = moved(whole, 0, above);
  const entry = above === 0 && heads[0] ? heads[0].entry : { x: width / 2, y: 0 };
  const exit = below === 0 && tails[0] ? shift(tails[0].exit) : { x: width / 2, y: height + above + below };
  return {
    nodes,
    dots: [...dots, ...(above > 0 ? [entry] : []), ...(below > 0 ? [exit] : [])],
    lines: [
      ...lines,
      ...(above > 0 ? heads.map((part) => line(entry, shift(part.entry), part.begins)) : []),
      ...(below > 0 ? tails.map((part) => line(shift(part.exit), exit, 'dot')) : []),
    ],
    width,
    height: height + above + below,
    entry,
    exit,
    begins: above === 0 && heads[0] ? heads[0].begins : 'dot',
  };
}

function line(from: Point, to: Point, ends: 'node' | 'dot'): Line {
  return { points: [from, to], hasTip: ends === 'node' };
}

function together<T>(parts: readonly Drawing<T>[], more: readonly Line[]): Omit<Drawing<T>, 'width' | 'height'> {
  return {
    nodes: parts.flatMap(({ nodes }) => nodes),
    lines: [...parts.flatMap(({ lines }) => lines), ...more],
    dots: parts.flatMap(({ dots }) => dots),
  };
}

function moved<P extends Drawing<unknown>>(part: P, x: number, y: number): P {
  if (x === 0 && y === 0) return part;
  const shift = <Q extends Point>(point: Q): Q => ({ ...point, x: point.x + x, y: point.y + y });
  const ports = part as unknown as Partial<Part<unknown>>;
  return {
    ...part,
    nodes: part.nodes.map(shift),
    lines: part.lines.map((one) => ({ ...one, points: one.points.map(shift) })),
    dots: part.dots.map(shift),
    ...(ports.entry ? { entry: shift(ports.entry) } : {}),
    ...(ports.exit ? { exit: shift(ports.exit) } : {}),
  };
}

/** An SVG path: an upright curve between two points, a rounded line through more. */
export function pathOf(points: readonly Point[]): string {
  const at = ({ x, y }: Point) => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
  let path = '';
  for (const [index, to] of points.entries()) {
    const from = points[index - 1];
    if (!from) {
      path = `M${at(to)}`;
      continue;
    }
    const middle = (from.y + to.y) / 2;
    path +=
      from.x === to.x ? ` L${at(to)}` : ` C${at({ x: from.x, y: middle })} ${at({ x: to.x, y: middle })} ${at(to)}`;
  }
  return path;
}
