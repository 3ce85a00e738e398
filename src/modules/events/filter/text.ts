import { eventErrors } from '../errors.ts';
import { eventLimits } from '../limits.ts';
import {
  type ComparisonOp,
  checkFilter,
  type Filter,
  type FilterList,
  type FilterOperand,
  type FilterPath,
  type FilterScalar,
  IDENTIFIER,
  reservedWords,
  type TextOp,
  textOps,
} from './tree.ts';

/**
 * The text form, a subset of CEL:
 *
 *   or      = and { "||" and }                    relation = operand [ compare operand | "in" ( path | list ) ]
 *   and     = unary { "&&" unary }                         | operand "." ( "startsWith" | … ) "(" operand ")"
 *   unary   = "!" unary | primary                 operand  = path | text | number | true | false | null
 *   primary = "(" or ")" | "has(" path ")" | relation       path = name { "." name | "[" text or index "]" }
 */
interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'sign' | 'end';
  readonly text: string;
  readonly value?: string | number;
  readonly at: number;
}

const compareSigns: Readonly<Record<string, ComparisonOp>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};
const signOf = Object.fromEntries(Object.entries(compareSigns).map(([sign, op]) => [op, sign]));

const SPACE = /[ \t\r\n]*/y;
const TOKEN =
  /(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<sign>==|!=|<=|>=|&&|\|\||[<>!()[\],.])/y;

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  '/': '/',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

function refuse(at: number, message: string) {
  return eventErrors.filter_invalid({
    detail: `At character ${at + 1}: ${message}.`,
    errors: [{ path: '', message: `at character ${at + 1}: ${message}` }],
  });
}

function unquote(quoted: string, at: number): string {
  return quoted.slice(1, -1).replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, hex?: string, letter?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    const character = ESCAPES[letter ?? ''];
    if (character === undefined) throw refuse(at, `there is no escape \\${letter}`);
    return character;
  });
}

function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.exec(source);
    at = SPACE.lastIndex;
    if (at >= source.length) break;
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(source)?.groups;
    if (groups === undefined) throw refuse(at, `${JSON.stringify(source[at])} is not expected`);
    const { name, number, text, sign } = groups;
    if (name !== undefined) tokens.push({ kind: 'name', text: name, at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, value: Number(number), at });
    else if (text !== undefined) tokens.push({ kind: 'text', text, value: unquote(text, at), at });
    else tokens.push({ kind: 'sign', text: sign ?? '', at });
    at = TOKEN.lastIndex;
  }
  tokens.push({ kind: 'end', text: 'the end', at });
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #is(sign: string): boolean {
    const token = this.#token;
    return token.text === sign && (token.kind === 'sign' || token.kind === 'name');
  }

  #take(sign: string): boolean {
    if (!this.#is(sign)) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw this.#unexpected(`"${sign}"`);
  }

  #unexpected(wanted: string) {
    return refuse(this.#token.at, `${wanted} is expected, not ${this.#token.text.slice(0, 50)}`);
  }

  all(): Filter {
    const filter = this.#or();
    if (this.#token.kind !== 'end') throw this.#unexpected('the end');
    return filter;
  }

  #or(): Filter {
    return this.#series('||', 'or', () => this.#series('&&', 'and', () => this.#unary()));
  }

  #series(sign: string, op: 'and' | 'or', part: () => Filter): Filter {
    const first = part();
    if (!this.#is(sign)) return first;
    const filters = [first];
    while (this.#take(sign)) filters.push(part());
    return { op, filters };
  }

  /** Guards the parser's own stack; `checkFilter` counts the depth of the tree. */
  #nested<T>(parse: () => T): T {
    // Parentheses add no level to the tree, hence the margin.
    if (++this.#depth > 4 * eventLimits.filter_depth) {
      throw eventErrors.filter_too_large({ detail: `Conditions are nested at most ${eventLimits.filter_depth} deep.` });
    }
    const result = parse();
    this.#depth--;
    return result;
  }

  /** `isNegated`: behind "!", which binds more tightly than a comparison, as in CEL: `!(a == 1)` needs parentheses. */
  #unary(isNegated = false): Filter {
    if (this.#take('!')) return this.#nested(() => ({ op: 'not', filter: this.#unary(true) }));
    if (this.#take('(')) {
      const filter = this.#nested(() => this.#or());
      this.#expect(')');
      return filter;
    }
    if (this.#token.kind === 'name' && this.#token.text === 'has') {
      this.#at++;
      this.#expect('(');
      const path = this.#path();
      this.#expect(')');
      return { op: 'has', path };
    }
    return this.#relation(isNegated);
  }

  #relation(isNegated: boolean): Filter {
    const { operand: left, method } = this.#operand();
    if (method !== undefined) {
      this.#expect('(');
      const { operand: right, method: extra } = this.#operand();
      if (extra !== undefined) throw this.#unexpected('")"');
      this.#expect(')');
      return { op: method, left, right };
    }
    if (isNegated) return { op: 'test', operand: left };
    if (this.#take('in')) {
      return { op: 'in', left, right: this.#is('[') ? { value: this.#list() } : { path: this.#path() } };
    }
    const op = this.#token.kind === 'sign' ? compareSigns[this.#token.text] : undefined;
    if (op === undefined) return { op: 'test', operand: left };
    this.#at++;
    const { operand: right, method: extra } = this.#operand();
    if (extra !== undefined) throw this.#unexpected('"&&", "||" or the end');
    return { op, left, right };
  }

  /** A literal or a path, and the text operator that was read behind it: `payload.ref.startsWith` is met as one path. */
  #operand(): { operand: FilterOperand; method?: TextOp } {
    const token = this.#token;
    if (token.kind === 'name' && !reservedWords.has(token.text)) return this.#pathOperand();
    const operand = { value: this.#scalar() };
    if (!this.#take('.')) return { operand };
    const method = textOps.find((op) => op === this.#token.text);
    if (method === undefined) throw this.#unexpected(textOps.join(', '));
    this.#at++;
    return { operand, method };
  }

  #pathOperand(): { operand: FilterOperand; method?: TextOp } {
    const path = this.#path();
    const last = path.at(-1);
    if (!this.#is('(')) return { operand: { path } };
    const method = textOps.find((op) => op === last);
    if (method === undefined || path.length < 2 || this.#tokens[this.#at - 1]?.kind !== 'name') {
      throw refuse(this.#token.at, `only ${textOps.join(', ')} and has can be called`);
    }
    return { operand: { path: path.slice(0, -1) }, method };
  }

  #path(): FilterPath {
    const root = this.#token;
    if (root.kind !== 'name' || reservedWords.has(root.text)) throw this.#unexpected('a name');
    this.#at++;
    const path: (string | number)[] = [root.text];
    for (;;) {
      if (this.#take('.')) {
        if (this.#token.kind !== 'name') throw this.#unexpected('a name');
        path.push(this.#token.text);
        this.#at++;
      } else if (this.#take('[')) {
        const { kind, value } = this.#token;
        if (value === undefined || (kind !== 'text' && kind !== 'number')) throw this.#unexpected('a text or an index');
        path.push(value);
        this.#at++;
        this.#expect(']');
      } else return path;
    }
  }

  #scalar(): FilterScalar {
    const token = this.#token;
    this.#at++;
    if (token.value !== undefined) return token.value;
    if (token.kind === 'name' && token.text === 'true') return true;
    if (token.kind === 'name' && token.text === 'false') return false;
    if (token.kind === 'name' && token.text === 'null') return null;
    this.#at--;
    throw this.#unexpected('a path or a value');
  }

  #list(): readonly FilterScalar[] {
    this.#expect('[');
    const values: FilterScalar[] = [];
    while (!this.#take(']')) {
      if (values.length > 0) this.#expect(',');
      values.push(this.#scalar());
    }
    return values;
  }
}

/**
 * The filter written as text, such as `type == "push" && payload.ref.startsWith("refs/heads/")`.
 * Throws `filter_invalid` with the character, or `filter_too_large`.
 */
export function parseFilter(source: string): Filter {
  if (source.length > eventLimits.filter_text_chars) {
    throw eventErrors.filter_too_large({
      detail: `The text has more than ${eventLimits.filter_text_chars} characters.`,
    });
  }
  return checkFilter(new Parser(source).all());
}

function pathText(path: FilterPath): string {
  return path
    .map((segment, index) => {
      if (typeof segment === 'number' || !IDENTIFIER.test(segment)) return `[${JSON.stringify(segment)}]`;
      return index === 0 ? segment : `.${segment}`;
    })
    .join('');
}

function operandText(operand: FilterOperand): string {
  return 'path' in operand ? pathText(operand.path) : JSON.stringify(operand.value);
}

/** A condition as part of a series: what binds less tightly goes into parentheses. */
function partText(filter: Filter): string {
  return filter.op === 'and' || filter.op === 'or' ? `(${formatFilter(filter)})` : formatFilter(filter);
}

function negatedText(filter: Filter): string {
  const standsAlone: readonly string[] = ['not', 'has', 'test', ...textOps];
  return standsAlone.includes(filter.op) ? `!${formatFilter(filter)}` : `!(${formatFilter(filter)})`;
}

function listText(list: FilterList): string {
  return 'path' in list ? pathText(list.path) : `[${list.value.map((value) => JSON.stringify(value)).join(', ')}]`;
}

/** The text form of a filter: `parseFilter` gives the same tree back. */
export function formatFilter(filter: Filter): string {
  switch (filter.op) {
    case 'and':
      return filter.filters.map(partText).join(' && ');
    case 'or':
      return filter.filters.map(partText).join(' || ');
    case 'not':
      return negatedText(filter.filter);
    case 'has':
      return `has(${pathText(filter.path)})`;
    case 'test':
      return operandText(filter.operand);
    case 'in':
      return `${operandText(filter.left)} in ${listText(filter.right)}`;
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      return `${operandText(filter.left)}.${filter.op}(${operandText(filter.right)})`;
    default:
      return `${operandText(filter.left)} ${signOf[filter.op]} ${operandText(filter.right)}`;
  }
}
