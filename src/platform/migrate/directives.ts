import type { Token } from './tokens.ts';

/** What a statement must have touched, from the directive in front of it. */
export type Expectation =
  /** `-- plinth: expect rows`: at least one. */
  | { readonly kind: 'some' }
  /** `-- plinth: expect 3 rows`. */
  | { readonly kind: 'exactly'; readonly rows: number }
  /** `-- plinth: expect rows of plinth.projects`: at least one, unless the table is empty. */
  | { readonly kind: 'some of'; readonly table: string }
  /** `-- plinth: expect all rows of plinth.projects`: as many as the table holds. */
  | { readonly kind: 'all of'; readonly table: string };

export type Directive =
  | { readonly kind: 'no transaction' }
  | { readonly kind: 'phase'; readonly phase: 'expand' | 'contract' }
  | { readonly kind: 'expect'; readonly expectation: Expectation }
  | { readonly kind: 'allow'; readonly rule: string; readonly reason: string };

const TABLE = '((?:[a-z_][a-z0-9_]*\\.)?[a-z_][a-z0-9_]*)';
const PREFIX = /^--\s*plinth:\s*(.*?)\s*$/;

const forms: readonly [RegExp, (match: RegExpExecArray) => Directive][] = [
  [/^no transaction$/, () => ({ kind: 'no transaction' })],
  [/^phase (expand|contract)$/, (m) => ({ kind: 'phase', phase: m[1] === 'expand' ? 'expand' : 'contract' })],
  [/^expect rows$/, () => ({ kind: 'expect', expectation: { kind: 'some' } })],
  [
    /^expect ([0-9]{1,9}) rows?$/,
    (m) => ({ kind: 'expect', expectation: { kind: 'exactly', rows: Number.parseInt(m[1]!, 10) } }),
  ],
  [
    new RegExp(`^expect rows of ${TABLE}$`),
    (m) => ({ kind: 'expect', expectation: { kind: 'some of', table: qualified(m[1]!) } }),
  ],
  [
    new RegExp(`^expect all rows of ${TABLE}$`),
    (m) => ({ kind: 'expect', expectation: { kind: 'all of', table: qualified(m[1]!) } }),
  ],
  [/^allow ([a-z0-9-]+) because (\S.*)$/, (m) => ({ kind: 'allow', rule: m[1]!, reason: m[2]! })],
];

function qualified(table: string): string {
  return table.includes('.') ? table : `plinth.${table}`;
}

/** True for a comment that speaks to us: `-- plinth: …`. */
export function isDirective(comment: Token): boolean {
  return PREFIX.test(comment.text);
}

/** The directive in a comment; undefined for an ordinary comment; throws an Error that quotes one we do not know. */
export function parseDirective(comment: Token): Directive | undefined {
  const text = PREFIX.exec(comment.text)?.[1];
  if (text === undefined) return undefined;
  for (const [form, make] of forms) {
    const match = form.exec(text);
    if (match) return make(match);
  }
  throw new Error(
    `unknown directive "plinth: ${text}" (known: no transaction | phase expand | phase contract | expect rows | ` +
      'expect N rows | expect rows of TABLE | expect all rows of TABLE | allow RULE because REASON)',
  );
}
