import { bounds } from './bounds.ts';
import { restErrors } from './errors.ts';

/** What a name may hold without quotes: letters of any script, digits, and these. Dashes join, `->` starts a path. */
const NAME = /(?:[\p{L}\p{Nd}_ $]|-(?!>))+/uy;
/** A key of a JSON path without quotes: all but the characters that mean something after it. */
const JSON_KEY = /(?:[^(\-:.,>)]|-(?!>))+/uy;
const SPACE = /[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/y;

/** Shortens text from a request for an error message. */
export function echo(text: string): string {
  return text.length <= bounds.echo_chars_max ? text : `${text.slice(0, bounds.echo_chars_max)}…`;
}

/** Reads one parameter's value from left to right; every failure names the parameter and the character. */
export class Scanner {
  readonly parameter: string;
  readonly text: string;
  position = 0;

  constructor(parameter: string, text: string) {
    this.parameter = parameter;
    this.text = text;
  }

  get done(): boolean {
    return this.position >= this.text.length;
  }

  /** The place of the next character, counted from 1. */
  get at(): number {
    return this.position + 1;
  }

  /** Throws `rest_syntax`: "in "select" at character 4: expected … ". */
  fail(expected: string, position = this.position): never {
    const found =
      position < this.text.length ? `found "${echo(this.text.slice(position, position + 20))}"` : 'found the end';
    throw restErrors.rest_syntax({
      field: echo(this.parameter),
      detail: `In "${echo(this.parameter)}" at character ${position + 1}: expected ${expected}, ${found}.`,
    });
  }

  /** True when `token` comes next; does not move. */
  sees(token: string): boolean {
    return this.text.startsWith(token, this.position);
  }

  /** Moves past `token` when it comes next. */
  take(token: string): boolean {
    if (!this.sees(token)) return false;
    this.position += token.length;
    return true;
  }

  expect(token: string, expected = `"${token}"`): void {
    if (!this.take(token)) this.fail(expected);
  }

  skipSpace(): void {
    this.match(SPACE);
  }

  /** Moves past what the sticky expression matches here and returns its groups. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.position = pattern.lastIndex;
    return found;
  }

  /** A text in double quotes, where a backslash takes the next character as it is; undefined when none starts here. */
  quoted(): string | undefined {
    if (!this.sees('"')) return undefined;
    const found = this.match(QUOTED);
    if (found === undefined) this.fail('a closing quote', this.text.length);
    const inner = found[1]!;
    return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
  }

  /** A name: quoted, or made of letters, digits, `_`, `$`, inner spaces and dashes. */
  name(what: string): string {
    return this.#word(NAME, what);
  }

  jsonKey(): string {
    return this.#word(JSON_KEY, 'a key');
  }

  #word(pattern: RegExp, what: string): string {
    const start = this.position;
    const word = this.quoted() ?? this.match(pattern)?.[0].trim();
    if (word === undefined || word === '') this.fail(what, start);
    if (word.length > bounds.name_chars_max) this.fail(`${what} of at most ${bounds.name_chars_max} characters`, start);
    return word;
  }
}
