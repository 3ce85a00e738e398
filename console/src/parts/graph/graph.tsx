import { ActionIcon, Group } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { type CSSProperties, type KeyboardEvent, memo, useEffect, useMemo, useRef, useState } from 'react';
import { plainText } from '../plain-text.tsx';
import { colorOf, StatusBadge } from '../status-badge.tsx';
import styles from './graph.module.css';
import { type Drawing, draw, node_px, type Point, pathOf, type Shape } from './layout.ts';

export interface BoxText {
  readonly id: string;
  readonly title: string;
  /** In its colour and in words; '' for none. */
  readonly status: string;
  /** One line beneath: kind, attempts, time. */
  readonly about: string;
  /** Drawn in dashes: not come to yet. */
  readonly isFaint?: boolean;
}

interface GraphProps {
  readonly label: string;
  readonly shape: Shape<BoxText>;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}

type Box = Point & { readonly node: BoxText };

const zooms = [0.35, 0.5, 0.7, 1, 1.3];
/** So much around what is in sight is drawn too. */
const margin_px = 400;
const tip_px = 5;

/**
 * A picture of what follows what, from the top down. One stop of the Tab key: arrows lead from box to box along the lines,
 * Enter chooses. Draws only what is in sight.
 */
export function Graph({ label, shape, selected, onSelect }: GraphProps) {
  const drawing = useDrawing(shape);
  const [zoom, setZoom] = useState(3);
  const [sight, setSight] = useState<Point>({ x: 0, y: 0 });
  const [focused, setFocused] = useState<string>();
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: measured, width, height } = useElementSize<HTMLDivElement>();
  const frame = useMergedRef(scroller, measured);
  const scale = zooms[zoom] as number;
  const isInSight = (x: number, y: number) =>
    x * scale > sight.x - margin_px &&
    x * scale < sight.x + width + margin_px &&
    y * scale > sight.y - margin_px &&
    y * scale < sight.y + height + margin_px;
  const isNear = ({ x, y }: Point) => isInSight(x, y) || isInSight(x + node_px.width, y + node_px.height);
  // the one that Tab comes to
  const stop =
    [focused, selected].find((id) => drawing.nodes.some(({ node }) => node.id === id)) ?? drawing.nodes[0]?.node.id;

  const { nodes } = drawing;
  useEffect(() => {
    // what a link names is to be seen, and else the beginning, which may lie far to the right
    const box = nodes.find(({ node }) => node.id === selected) ?? (selected === undefined ? nodes[0] : undefined);
    if (box && width > 0) reveal(scroller.current, box, scale);
    // only what is chosen and how wide the window is: nothing moves under somebody who reads
  }, [selected, width]);

  function move(event: KeyboardEvent) {
    const from = drawing.nodes.find(({ node }) => node.id === stop);
    const to = from && neighbour(drawing, from, event.key);
    if (!to) return;
    event.preventDefault();
    setFocused(to.node.id);
    reveal(scroller.current, to, scale);
    // it may be drawn only now
    requestAnimationFrame(() => {
      scroller.current
        ?.querySelector<HTMLElement>(`[data-id="${CSS.escape(to.node.id)}"]`)
        ?.focus({ preventScroll: true });
    });
  }

  return (
    <div>
      <Group gap={4} justify="flex-end" mb={4}>
        <ActionIcon variant="default" aria-label="Smaller" disabled={zoom === 0} onClick={() => setZoom(zoom - 1)}>
          <IconZoomOut size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="default"
          aria-label="Larger"
          disabled={zoom === zooms.length - 1}
          onClick={() => setZoom(zoom + 1)}
        >
          <IconZoomIn size={16} aria-hidden />
        </ActionIcon>
      </Group>
      <div
        ref={frame}
        className={`surface ${styles['scroller']}`}
        role="group"
        aria-label={label}
        onScroll={({ currentTarget: { scrollLeft: x, scrollTop: y } }) => setSight({ x, y })}
        onKeyDown={move}
      >
        <div style={{ width: drawing.width * scale, height: drawing.height * scale, margin: '0 auto' }}>
          <div
            className={styles['canvas']}
            style={{ width: drawing.width, height: drawing.height, transform: `scale(${scale})`, margin: 0 }}
          >
            <Lines drawing={drawing} />
            {drawing.nodes.map((box) =>
              box.node.id === stop || isNear(box) ? (
                <NodeBox
                  key={box.node.id}
                  box={box}
                  isSelected={box.node.id === selected}
                  isStop={box.node.id === stop}
                  onSelect={(id) => {
                    setFocused(id);
                    onSelect(id);
                  }}
                />
              ) : null,
            )}
          </div>
        </div>
      </div>
    </div>
  );
}

/** Laid out again only when boxes come or go: what changes in them moves nothing. */
function useDrawing(shape: Shape<BoxText>): Drawing<BoxText> {
  const outline = useMemo(() => outlineOf(shape), [shape]);
  const laidOut = useRef<{ outline: string; drawing: Drawing<BoxText> }>(undefined);
  return useMemo(() => {
    if (laidOut.current?.outline !== outline) laidOut.current = { outline, drawing: draw(shape) };
    const now = new Map(boxesOf(shape).map((node) => [node.id, node]));
    const { drawing } = laidOut.current;
    return { ...drawing, nodes: drawing.nodes.map((box) => ({ ...box, node: now.get(box.node.id) ?? box.node })) };
  }, [outline, shape]);
}

function outlineOf(shape: Shape<BoxText>): string {
  switch (shape.kind) {
    case 'node':
      return JSON.stringify(shape.node.id);
    case 'sequence':
      return `[${shape.items.map(outlineOf).join()}]`;
    case 'branches':
      return `{${shape.branches.map(outlineOf).join()}}`;
    case 'graph':
      return `(${shape.items.map(outlineOf).join()}|${shape.edges.join(';')})`;
  }
}

function boxesOf(shape: Shape<BoxText>): BoxText[] {
  if (shape.kind === 'node') return [shape.node];
  return (shape.kind === 'branches' ? shape.branches : shape.items).flatMap(boxesOf);
}

const Lines = memo(function Lines({ drawing: { width, height, lines, dots } }: { drawing: Drawing<BoxText> }) {
  return (
    <svg className={styles['lines']} width={width} height={height} aria-hidden="true">
      {lines.map(({ points, hasTip }) => {
        const end = points.at(-1) as Point;
        const path = pathOf(hasTip ? [...points.slice(0, -1), { x: end.x, y: end.y - tip_px }] : points);
        return (
          <g key={path}>
            <path d={path} />
            {hasTip ? <path className={styles['tip']} d={`M${end.x},${end.y} l-4,-${tip_px + 2} h8 z`} /> : null}
          </g>
        );
      })}
      {dots.map(({ x, y }) => (
        <circle key={`${x} ${y}`} className={styles['dot']} cx={x} cy={y} r={4} />
      ))}
    </svg>
  );
});

interface NodeBoxProps {
  readonly box: Box;
  readonly isSelected: boolean;
  readonly isStop: boolean;
  readonly onSelect: (id: string) => void;
}

function NodeBox({ box: { node, x, y }, isSelected, isStop, onSelect }: NodeBoxProps) {
  const color = node.status === '' ? 'gray' : colorOf(node.status);
  const place = {
    ...node_px,
    left: x,
    top: y,
    '--node-color': `var(--mantine-color-${color}-filled)`,
  } as CSSProperties;
  return (
    <button
      type="button"
      className={styles['node']}
      style={place}
      tabIndex={isStop ? 0 : -1}
      aria-pressed={isSelected}
      data-id={node.id}
      data-faint={node.isFaint || undefined}
      onClick={() => onSelect(node.id)}
    >
      <bdi className={styles['title']}>{plainText(node.title, 120)}</bdi>
      <span className={styles['about']}>
        {node.status === '' ? null : <StatusBadge status={node.status} />}
        <bdi>{plainText(node.about, 160)}</bdi>
      </span>
    </button>
  );
}

/** Along a line up or down, to the next box at the side, to the first or last. */
function neighbour({ nodes }: Drawing<BoxText>, from: Box, key: string): Box | undefined {
  if (key === 'Home') return nodes[0];
  if (key === 'End') return nodes.at(-1);
  const down = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0;
  const right = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
  if (down === 0 && right === 0) return undefined;
  const far = ({ x, y }: Point) =>
    down !== 0 ? Math.abs(y - from.y) + Math.abs(x - from.x) * 0.3 : Math.abs(x - from.x) + Math.abs(y - from.y) * 4;
  return nodes
    .filter((box) => (down !== 0 ? (box.y - from.y) * down > 1 : (box.x - from.x) * right > 1))
    .reduce<Box | undefined>((best, box) => (best === undefined || far(box) < far(best) ? box : best), undefined);
}

/** Brings a box into the middle, where it is out of sight. */
function reveal(scroller: HTMLElement | null, { x, y }: Point, scale: number): void {
  if (!scroller) return;
  const into = (at: number, size: number, from: number, room: number) =>
    at < from || at + size > from + room ? at - (room - size) / 2 : from;
  scroller.scrollTo({
    left: into(x * scale, node_px.width * scale, scroller.scrollLeft, scroller.clientWidth),
    top: into(y * scale, node_px.height * scale, scroller.scrollTop, scroller.clientHeight),
  });
}
