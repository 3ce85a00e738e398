import { ExpressionError } from './expression-error.ts';

export type Expression =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'field'; readonly of: Expression; readonly field: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly at: Expression }
  | { readonly kind: 'not' | 'minus'; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'choice'; readonly when: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly on?: Expression; readonly given: readonly Expression[] };

const nesting_max = 32;
/** What stands between tokens: white space and comments. */
const space = /(?:\s|\/\/[^\n]*)*/y;
const token =
  /(0[xX][\dA-Fa-f]+|\d*\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)|([rR]?(?:"""(?:[^\\]|\\[\s\S])*?"""|'''(?:[^\\]|\\[\s\S])*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[-+*/%<>!?:.,()[\]{}])/y;
const constants: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '`': '`',
  '?': '?',
};
/** How tightly operators bind. */
const powers: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  in: 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
};
const functions: Readonly<Record<string, number>> = { size: 1, has: 1, string: 1, int: 1, double: 1, bool: 1, dyn: 1 };
/** Methods, with how many arguments they take; the macros bind a name. */
const methods: Readonly<Record<string, number>> = { size: 0, startsWith: 1, endsWith: 1, contains: 1 };
export const macros: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

interface Token {
  readonly kind: 'number' | 'name' | 'text' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

/** Reads an expression. Throws an ExpressionError. */
export function parseExpression(text: string): Expression {
  const parser = new Parser(tokensOf(text));
  const found = parser.expression();
  parser.expectEnd();
  return found;
}

/** Throws an ExpressionError where an expression names what is neither known nor bound by a macro. */
export function assertKnown(node: Expression, known: ReadonlySet<string>): void {
  if (node.kind === 'name' && !known.has(node.name)) {
    throw new ExpressionError(`there is no ${node.name}: there are ${[...known].join(', ')}`);
  }
  if (node.kind === 'call' && node.on && macros.has(node.name)) {
    const [bound, body] = node.given as [Expression & { kind: 'name' }, Expression];
    assertKnown(node.on, known);
    assertKnown(body, new Set([...known, bound.name]));
    return;
  }
  for (const part of partsOf(node)) assertKnown(part, known);
}

function partsOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'list':
      return node.items;
    case 'map':
      return node.entries.flat();
    case 'index':
      return [node.of, node.at];
    case 'binary':
      return [node.left, node.right];
    case 'choice':
      return [node.when, node.yes, node.no];
    case 'call':
      return node.on ? [node.on, ...node.given] : node.given;
    default:
      return [node.of];
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.length;
  let at = afterSpace(text, 0);
  while (at < end) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) throw new ExpressionError(`can not be read at "${text.slice(at, at + 20).trim()}"`);
    const [whole, number, quoted, name, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, at });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: unquote(quoted), at });
    else tokens.push({ kind: 'sign', text: sign!, at });
    at = afterSpace(text, at + whole.length);
  }
  tokens.push({ kind: 'end', text: 'its end', at: end });
  return tokens;
}

function afterSpace(text: string, from: number): number {
  space.lastIndex = from;
  return from + (space.exec(text)?.[0].length ?? 0);
}

function unquote(quoted: string): string {
  const isRaw = /^[rR]/.test(quoted);
  const from = isRaw ? 1 : 0;
  const width = /^("{3}|'{3})/.test(quoted.slice(from)) && quoted.length >= from + 6 ? 3 : 1;
  const inner = quoted.slice(from + width, -width);
  if (isRaw) return inner;
  return inner.replace(
    /\\(?:u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|[xX]([\dA-Fa-f]{2})|([0-3][0-7]{2})|([\s\S]))/g,
    (_, four?: string, eight?: string, two?: string, octal?: string, char?: string) => {
      const hex = four ?? eight ?? two;
      if (hex !== undefined) return codePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return codePoint(Number.parseInt(octal, 8));
      const meant = Object.hasOwn(escapes, char!) ? escapes[char!] : undefined;
      if (meant === undefined) throw new ExpressionError(`there is no escape \\${char}`);
      return meant;
    },
  );
}

function codePoint(code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw new ExpressionError(`there is no character with the code ${code.toString(16)}`);
  }
  return String.fromCodePoint(code);
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  expression(): Expression {
    if (++this.#depth > nesting_max) throw new ExpressionError(`nested deeper than ${nesting_max} levels`);
    const when = this.#binary(0);
    let found = when;
    if (this.#takes('?')) {
      const yes = this.expression();
      this.#expect(':');
      found = { kind: 'choice', when, yes, no: this.expression() };
    }
    this.#depth--;
    return found;
  }

  expectEnd(): void {
    if (this.#peek().kind !== 'end') throw this.#unexpected();
  }

  #binary(least: number): Expression {
    let left = this.#unary();
    for (;;) {
      const { kind, text: operator } = this.#peek();
      const power = kind === 'sign' || operator === 'in' ? powers[operator] : undefined;
      if (power === undefined || power <= least || kind === 'text') return left;
      this.#next++;
      left = { kind: 'binary', operator, left, right: this.#binary(power) };
    }
  }

  #unary(): Expression {
    let signs = 0;
    const outer: ('not' | 'minus')[] = [];
    for (;;) {
      if (this.#takes('!')) outer.push('not');
      else if (this.#takes('-')) outer.push('minus');
      else break;
      if (++signs > nesting_max) throw new ExpressionError(`nested deeper than ${nesting_max} levels`);
    }
    return outer.reduceRight<Expression>((of, kind) => ({ kind, of }), this.#member());
  }

  #member(): Expression {
    let of = this.#primary();
    for (;;) {
      if (this.#takes('.')) {
        const field = this.#name();
        of = this.#takes('(') ? this.#method(of, field) : { kind: 'field', of, field };
      } else if (this.#takes('[')) {
        of = { kind: 'index', of, at: this.expression() };
        this.#expect(']');
      } else return of;
    }
  }

  #method(on: Expression, name: string): Expression {
    const given = this.#list(')');
    if (macros.has(name)) {
      if (given.length !== 2 || given[0]!.kind !== 'name')
        throw new ExpressionError(`${name} takes a name and an expression`);
    } else if (!Object.hasOwn(methods, name)) throw new ExpressionError(`there is no method ${name}`);
    else if (given.length !== methods[name]) throw new ExpressionError(`${name} takes ${methods[name]} values`);
    return { kind: 'call', name, on, given };
  }

  #primary(): Expression {
    const { kind, text } = this.#peek();
    if (kind === 'number') return this.#literal(Number(text));
    if (kind === 'text') return this.#literal(text);
    if (kind === 'name') return this.#named();
    if (this.#takes('(')) {
      const found = this.expression();
      this.#expect(')');
      return found;
    }
    if (this.#takes('[')) return { kind: 'list', items: this.#list(']') };
    if (this.#takes('{')) return this.#map();
    throw this.#unexpected();
  }

  #literal(value: unknown): Expression {
    this.#next++;
    return { kind: 'literal', value };
  }

  #named(): Expression {
    const name = this.#name();
    if (Object.hasOwn(constants, name)) return { kind: 'literal', value: constants[name] };
    if (!this.#takes('(')) return { kind: 'name', name };
    const given = this.#list(')');
    if (!Object.hasOwn(functions, name)) throw new ExpressionError(`there is no function ${name}`);
    if (given.length !== functions[name]) throw new ExpressionError(`${name} takes ${functions[name]} values`);
    if (name === 'has' && given[0]!.kind !== 'field')
      throw new ExpressionError('has takes a field, as in has(input.name)');
    return { kind: 'call', name, given };
  }

  #map(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.#takes('}')) {
      if (entries.length > 0) this.#expect(',');
      const key = this.expression();
      this.#expect(':');
      entries.push([key, this.expression()]);
    }
    return { kind: 'map', entries };
  }

  #list(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#takes(end)) {
      if (items.length > 0) this.#expect(',');
      items.push(this.expression());
    }
    return items;
  }

  #name(): string {
    const { kind, text } = this.#peek();
    if (kind !== 'name') throw this.#unexpected();
    this.#next++;
    return text;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #takes(sign: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'sign' || text !== sign) return false;
    this.#next++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#takes(sign)) throw new ExpressionError(`"${sign}" is expected, and not "${this.#peek().text}"`);
  }

  #unexpected(): ExpressionError {
    return new ExpressionError(`"${this.#peek().text}" is not expected there`);
  }
}
