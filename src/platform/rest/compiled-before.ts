import { limits } from '../core/limits.ts';
import type { Format } from './headers.ts';
import { type Output, type PlanNode, permission } from './plan.ts';
import type { RestAccess } from './relations.ts';
import type { Statement } from './sql.ts';
import { checkValue } from './values.ts';

export type PageFormat = Pick<Format, 'single' | 'stripNulls'>;

/** By what is selected, then by what else decides the text. */
const texts = new WeakMap<readonly Output[], Map<string, string>>();
const texts_max = 100;

/**
 * The statement of a read whose filters are all `column=eq.value`, as most are: its text is the one that `compile` made of
 * the first such read. This layer takes 3.5 µs for a read then, 5.2 without, and a text that is always the same string is
 * hashed and compared at once wherever statements are looked up by it. Any other read is compiled.
 */
export function compiledBefore(
  access: RestAccess,
  node: PlanNode,
  format: PageFormat,
  withTotal: boolean,
  compile: () => Statement,
): Statement {
  const asked = plainRead(access, node, format, withTotal);
  if (asked === undefined) return compile();
  const known = texts.get(node.outputs) ?? new Map<string, string>();
  const text = known.get(asked.key);
  if (text !== undefined) return { text, values: asked.values };
  const statement = compile();
  // keys of JSON paths are values too: whatever binds more than is known here is compiled each time
  if (sameValues(statement.values, asked.values)) {
    if (known.size >= texts_max) known.clear();
    texts.set(node.outputs, known.set(asked.key, statement.text));
  }
  return statement;
}

/** Undefined where the text depends on more than the key says. */
function plainRead(
  access: RestAccess,
  { relation, embeds, query }: PlanNode,
  format: PageFormat,
  withTotal: boolean,
): { key: string; values: (string | null)[] } | undefined {
  const { conditions, order, limit, offset } = query;
  if (embeds.length > 0 || order.length > 0 || offset || relation.tenantColumn === undefined) return undefined;
  const granted = permission(access, relation, 'select');
  if (granted === 'none') return undefined;
  const owner = granted === 'any' ? '' : granted.ownerColumn;
  let key = `${format.single ? 1 : 0}${format.stripNulls ? 1 : 0}${withTotal ? 1 : 0}\0${owner}`;
  const values: (string | null)[] = [access.organizationId];
  if (granted !== 'any') values.push(access.userId);
  for (const condition of conditions) {
    if (condition.kind !== 'filter' || condition.operator !== 'eq' || condition.negated) return undefined;
    const column = relation.columns.get(condition.field.name);
    if (!column?.selectable || condition.field.path.length > 0 || condition.quantifier !== undefined) return undefined;
    key += `\0${column.name}`;
    values.push(checkValue(column, condition.values[0]!));
  }
  values.push(String(Math.min(limit ?? limits.page_rows_max, limits.page_rows_max)));
  return { key, values };
}

function sameValues(left: readonly (string | null)[], right: readonly (string | null)[]): boolean {
  return left.length === right.length && left.every((value, at) => value === right[at]);
}
