import { columnTypes } from './coerce.ts';
import type { Column, EventCategory } from './github-columns.ts';
import { at, type Source, type SourceRule, sourcesOf } from './source.ts';

export type Columns = Readonly<Record<string, Column>>;
type ValueOf<T extends Column> = ReturnType<(typeof columnTypes)[T['type']]['coerce']>;
/** The typed columns of a table; null where the payload has nothing that fits. */
export type Extracted<C extends Columns> = { readonly [K in keyof C]: ValueOf<C[K]> };

/** How one kind of event is read into the columns of a table. */
export interface ExtractRule<C extends Columns> {
  readonly category: EventCategory;
  readonly title?: SourceRule;
  readonly url?: SourceRule;
  /** When it happened, as far as the payload says. */
  readonly occurred_at?: SourceRule;
  readonly columns: Partial<Record<keyof C & string, SourceRule>>;
}

export interface Extraction<C extends Columns> {
  readonly category: EventCategory;
  readonly title: string | null;
  readonly url: string | null;
  readonly occurred_at: Date | null;
  readonly columns: Extracted<C>;
}

interface Compiled {
  readonly category: EventCategory;
  readonly title: readonly Source[];
  readonly url: readonly Source[];
  readonly occurredAt: readonly Source[];
  readonly columns: readonly (readonly [string, keyof typeof columnTypes, readonly Source[]])[];
}

/** The first source whose value fits the type. */
export function firstFit<T extends keyof typeof columnTypes>(
  type: T,
  sources: readonly Source[],
  payload: unknown,
): ReturnType<(typeof columnTypes)[T]['coerce']> | null {
  const { coerce } = columnTypes[type];
  for (const source of sources) {
    const value = coerce(source.read(payload));
    if (value !== null) return value as ReturnType<(typeof columnTypes)[T]['coerce']>;
  }
  return null;
}

/** A source with a function of its own; `text` is for the reference. */
export function from(path: string, text: string, convert: (value: unknown) => unknown): Source {
  const whole = at(path);
  return { text: `\`${path}\`${text}`, read: (payload) => convert(whole.read(payload)) };
}

/**
 * A function from a kind and a payload to the columns of a table: any JSON, never throws; what is missing or of the
 * wrong type is null. A kind without a rule gets the common columns and the category `other`.
 */
export function makeExtractor<C extends Columns>(
  columns: C,
  common: ExtractRule<C>,
  kinds: Readonly<Record<string, ExtractRule<C>>>,
): (kind: string, payload: unknown) => Extraction<C> {
  const compile = (rule: ExtractRule<C>): Compiled => {
    const title = rule.title ?? common.title;
    const url = rule.url ?? common.url;
    const occurredAt = rule.occurred_at ?? common.occurred_at;
    return {
      category: rule.category,
      title: title === undefined ? [] : sourcesOf(title),
      url: url === undefined ? [] : sourcesOf(url),
      occurredAt: occurredAt === undefined ? [] : sourcesOf(occurredAt),
      columns: (Object.entries({ ...common.columns, ...rule.columns }) as [string, SourceRule][]).map(
        ([name, source]) => [name, columns[name]!.type, sourcesOf(source)] as const,
      ),
    };
  };
  const compiled = new Map(Object.entries(kinds).map(([kind, rule]) => [kind, compile(rule)]));
  const unknownKind = compile(common);
  const empty = Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
  return (kind, payload) => {
    const rule = compiled.get(kind) ?? unknownKind;
    const read: Record<string, unknown> = { ...empty };
    for (const [name, type, sources] of rule.columns) read[name] = firstFit(type, sources, payload);
    return {
      category: rule.category,
      title: firstFit('title', rule.title, payload),
      url: firstFit('url', rule.url, payload),
      occurred_at: firstFit('time', rule.occurredAt, payload),
      columns: read as Extracted<C>,
    };
  };
}
