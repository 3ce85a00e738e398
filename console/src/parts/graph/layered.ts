import { Graph, layout } from '@dagrejs/dagre';
import type { Point, Size } from './layout.ts';

export interface LayeredEdge {
  readonly from: number;
  readonly to: number;
  /** Points it goes through, between its ends. */
  readonly bends: readonly Point[];
}

interface Layered extends Size {
  /** Top left corners, in the order of the boxes. */
  readonly places: readonly Point[];
  readonly edges: readonly LayeredEdge[];
}

type Edge = readonly [from: number, to: number];

/**
 * Dagre took up to 1.8 s for 200 boxes with 350 edges, 35 s for 1,000 with 1,450: with more edges than these the layers are
 * drawn as they are.
 */
const tidied_edges_max = 300;

/**
 * Boxes in layers from the top down, each below those it depends on; edges that follow from others are left out. The edges
 * (places in `boxes`) make no circle.
 */
export function layeredLayout(
  boxes: readonly Size[],
  edges: readonly Edge[],
  gap: { readonly across: number; readonly down: number },
): Layered {
  const once = [...new Map(edges.map((edge) => [edge.join(), edge])).values()];
  const order = inOrder(boxes.length, once);
  const needed = withoutImplied(boxes.length, once, order);
  return needed.length <= tidied_edges_max ? tidied(boxes, needed, gap) : plain(boxes, needed, order, gap);
}

function tidied(boxes: readonly Size[], edges: readonly Edge[], gap: { across: number; down: number }): Layered {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: gap.across, ranksep: gap.down, edgesep: gap.across / 2 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [place, { width, height }] of boxes.entries()) graph.setNode(String(place), { width, height });
  for (const [from, to] of edges) graph.setEdge(String(from), String(to));
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as Partial<Size>;
  return {
    width,
    height,
    places: boxes.map((box, place) => {
      const { x, y } = graph.node(String(place)) as unknown as Point;
      return { x: x - box.width / 2, y: y - box.height / 2 };
    }),
    edges: edges.map(([from, to]) => {
      const { points = [] } = graph.edge(String(from), String(to)) as { points?: readonly Point[] };
      // its ends lie where dagre cuts the boxes, lines come in and go out elsewhere; to the next layer no bend is needed
      return { from, to, bends: points.length > 3 ? points.slice(1, -1) : [] };
    }),
  };
}

/** In layers, in the order given. */
function plain(
  boxes: readonly Size[],
  edges: readonly Edge[],
  order: readonly number[],
  gap: { across: number; down: number },
): Layered {
  const layerOf = boxes.map(() => 0);
  const next = followers(boxes.length, edges);
  for (const from of order) {
    for (const to of next[from] ?? []) layerOf[to] = Math.max(layerOf[to] ?? 0, (layerOf[from] ?? 0) + 1);
  }
  const layers = Array.from({ length: Math.max(0, ...layerOf) + 1 }, (): number[] => []);
  for (const [place, layer] of layerOf.entries()) layers[layer]?.push(place);
  const widthOf = (layer: readonly number[]) =>
    layer.reduce((sum, place) => sum + (boxes[place]?.width ?? 0) + gap.across, -gap.across);
  const width = Math.max(0, ...layers.map(widthOf));
  const places: Point[] = boxes.map(() => ({ x: 0, y: 0 }));
  let y = 0;
  for (const layer of layers) {
    let x = (width - widthOf(layer)) / 2;
    for (const place of layer) {
      places[place] = { x, y };
      x += (boxes[place]?.width ?? 0) + gap.across;
    }
    y += Math.max(...layer.map((place) => boxes[place]?.height ?? 0)) + gap.down;
  }
  return {
    width,
    height: Math.max(0, y - gap.down),
    places,
    edges: edges.map(([from, to]) => ({ from, to, bends: [] })),
  };
}

function followers(count: number, edges: readonly Edge[]): number[][] {
  const next: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of edges) next[from]?.push(to);
  return next;
}

/** Each after those it depends on. */
function inOrder(count: number, edges: readonly Edge[]): number[] {
  const next = followers(count, edges);
  const waits = Array.from({ length: count }, () => 0);
  for (const [, to] of edges) waits[to] = (waits[to] ?? 0) + 1;
  const order = [...waits.keys()].filter((place) => waits[place] === 0);
  for (let at = 0; at < order.length; at++) {
    for (const to of next[order[at] as number] ?? []) {
      waits[to] = (waits[to] ?? 0) - 1;
      if (waits[to] === 0) order.push(to);
    }
  }
  return order;
}

/** Without the edges that a longer way says too: a, b, c and a, c. */
function withoutImplied(count: number, edges: readonly Edge[], order: readonly number[]): Edge[] {
  const next = followers(count, edges);
  const reached = Array.from({ length: count }, () => new Set<number>());
  for (const from of [...order].reverse()) {
    for (const to of next[from] ?? []) {
      reached[from]?.add(to);
      for (const far of reached[to] ?? []) reached[from]?.add(far);
    }
  }
  return edges.filter(([from, to]) => !(next[from] ?? []).some((by) => by !== to && reached[by]?.has(to)));
}
