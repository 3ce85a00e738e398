import { valueAt } from '../json.ts';
import { evaluateFilter, type Truth } from './evaluate.ts';
import { formatFilter } from './text.ts';
import type { Filter, FilterPath } from './tree.ts';

const reasons_max = 5;
const value_chars = 200;

/** A condition that keeps a filter from being true for an event. */
export interface FilterReason {
  /** Where it stands in the tree, as a JSON pointer: "/filters/1". */
  readonly path: string;
  readonly condition: string;
  /** Unknown: a value is missing, or of the wrong type. */
  readonly is: 'true' | 'false' | 'unknown';
  /** What the event has at the place the condition names first, as JSON cut short; null: it has nothing there. */
  readonly value: string | null;
}

/** The conditions that keep a checked filter from being true for an event, at most five; none where it is true. */
export function explainFilter(filter: Filter, event: unknown): FilterReason[] {
  const reasons: FilterReason[] = [];
  collect(filter, event, '', true, reasons);
  return reasons;
}

/** Those below `filter` for which it is not `wanted`. */
function collect(filter: Filter, event: unknown, path: string, wanted: boolean, reasons: FilterReason[]): void {
  if (reasons.length >= reasons_max) return;
  const truth = evaluateFilter(filter, event);
  if (truth === wanted) return;
  if (filter.op === 'and' || filter.op === 'or') {
    // all that are not as wanted: for the first that is, this one would be too, or it needs each of them
    filter.filters.forEach((one, index) => {
      collect(one, event, `${path}/filters/${index}`, wanted, reasons);
    });
  } else if (filter.op === 'not') {
    collect(filter.filter, event, `${path}/filter`, !wanted, reasons);
  } else {
    reasons.push({ path, condition: formatFilter(filter), is: wordOf(truth), value: foundBy(filter, event) });
  }
}

const wordOf = (truth: Truth) => (truth === null ? 'unknown' : truth ? 'true' : 'false');

function foundBy(filter: Filter, event: unknown): string | null {
  const path = pathOf(filter);
  const value = path && valueAt(event, path);
  if (value === undefined) return null;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, value_chars) : value);
  return text.length > value_chars ? `${text.slice(0, value_chars).toWellFormed()}…` : text;
}

function pathOf(filter: Filter): FilterPath | undefined {
  if (filter.op === 'has') return filter.path;
  const operands = 'left' in filter ? [filter.left, filter.right] : 'operand' in filter ? [filter.operand] : [];
  for (const operand of operands) if ('path' in operand) return operand.path;
  return undefined;
}
