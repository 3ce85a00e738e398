/** A source file with what is not code blanked out; offsets and line breaks stay as they are. */
export interface SourceText {
  /** Comments and the contents of strings and regular expressions blanked: what runs. */
  readonly code: string;
  /** Only comments blanked: for reading the text of strings. */
  readonly withStrings: string;
}

/** After these a slash begins a regular expression; after a name, a number or a closing bracket it divides. */
const REGEX_AFTER =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|=>|\b(?:return|typeof|case|in|of|do|else|void|delete|await|yield|throw))\s*$/;

/**
 * Separates code from comments and strings in TypeScript, JavaScript or SQL-free JSON: enough for the lints, which
 * look for names and imports. Code inside `${…}` of a template stays code.
 */
export function separate(text: string): SourceText {
  const code = [...text];
  const withStrings = [...text];
  // `code` and `withStrings` are indexed by UTF-16 unit, as the scanner is.
  code.length = withStrings.length = 0;
  for (let at = 0; at < text.length; at++) {
    code.push(text[at]!);
    withStrings.push(text[at]!);
  }
  const blank = (target: string[], from: number, to: number) => {
    for (let at = from; at < to; at++) if (target[at] !== '\n') target[at] = ' ';
  };
  /** One entry per open template: how many braces are open inside its current `${`. */
  const templates: number[] = [];
  let at = 0;

  const skipTemplate = (from: number): number => {
    for (let i = from; i < text.length; i++) {
      if (text[i] === '\\') i++;
      else if (text[i] === '`') {
        blank(code, from, i);
        return i + 1;
      } else if (text[i] === '$' && text[i + 1] === '{') {
        blank(code, from, i);
        templates.push(0);
        return i + 2;
      }
    }
    blank(code, from, text.length);
    return text.length;
  };

  while (at < text.length) {
    const character = text[at]!;
    const next = text[at + 1];
    if (character === '/' && next === '/') {
      const end = indexOrEnd(text, '\n', at);
      blank(code, at, end);
      blank(withStrings, at, end);
      at = end;
    } else if (character === '/' && next === '*') {
      const end = Math.min(text.length, indexOrEnd(text, '*/', at + 2) + 2);
      blank(code, at, end);
      blank(withStrings, at, end);
      at = end;
    } else if (character === "'" || character === '"') {
      const end = endOfQuoted(text, at, character);
      blank(code, at + 1, end - 1);
      at = end;
    } else if (character === '`') {
      at = skipTemplate(at + 1);
    } else if (character === '/' && REGEX_AFTER.test(code.slice(Math.max(0, at - 40), at).join(''))) {
      const end = endOfRegex(text, at);
      blank(code, at + 1, end - 1);
      at = end;
    } else {
      const open = templates.length - 1;
      if (open >= 0 && character === '{') templates[open]!++;
      if (open >= 0 && character === '}') {
        if (templates[open] === 0) {
          templates.pop();
          at = skipTemplate(at + 1);
          continue;
        }
        templates[open]!--;
      }
      at++;
    }
  }
  return { code: code.join(''), withStrings: withStrings.join('') };
}

function indexOrEnd(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}

function endOfQuoted(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote || text[at] === '\n') return at + 1;
  }
  return text.length;
}

function endOfRegex(text: string, from: number): number {
  let isInClass = false;
  for (let at = from + 1; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '\n') return at;
    else if (character === '[') isInClass = true;
    else if (character === ']') isInClass = false;
    else if (character === '/' && !isInClass) return at + 1;
  }
  return text.length;
}

/** One import, re-export, dynamic import or require. */
export interface Import {
  /** What is named after from: "node:http", "../core/errors.ts". */
  readonly from: string;
  /** Erased at run time: `import type …`, or only `type` names in braces. */
  readonly isTypeOnly: boolean;
  /** Names taken, as they are called there. */
  readonly names: readonly string[];
  /** The local name of the whole module: default or namespace import; undefined when there is none. */
  readonly namespace: string | undefined;
  readonly offset: number;
}

const STATIC_IMPORT = /\b(import|export)\s+(type\s+)?([\w$*\s{},]*?)\s*\bfrom\s*(['"])/g;
const BARE_IMPORT = /\bimport\s*(['"])/g;
const CALLED_IMPORT = /(?<![.\w$])(?:import|require)\s*\(\s*(['"`])/g;

/** Every import of a file. Dynamic ones count as taking everything. */
export function importsOf(source: SourceText): Import[] {
  const found: Import[] = [];
  const specifierAt = (quoteAt: number) => {
    const quote = source.withStrings[quoteAt]!;
    return source.withStrings.slice(quoteAt + 1, source.withStrings.indexOf(quote, quoteAt + 1));
  };
  for (const match of source.code.matchAll(STATIC_IMPORT)) {
    const clause = match[3] ?? '';
    const braces = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
    const items = braces
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    const values = items.filter((item) => !item.startsWith('type '));
    const outside = clause.replace(/\{[^}]*\}/, '').trim();
    const namespace = /(?:\*\s*as\s+)?([\w$]+)/.exec(outside)?.[1] ?? (outside.includes('*') ? '*' : undefined);
    const isTypeOnly =
      match[2] !== undefined || (items.length > 0 && values.length === 0 && outside.replace(',', '').trim() === '');
    found.push({
      from: specifierAt(match.index + match[0].length - 1),
      isTypeOnly,
      names: values.map((item) => item.split(/\s+as\s+/)[0]!.trim()),
      namespace: namespace ?? (values.includes('default') ? 'default' : undefined),
      offset: match.index,
    });
  }
  for (const pattern of [BARE_IMPORT, CALLED_IMPORT]) {
    for (const match of source.code.matchAll(pattern)) {
      const from = specifierAt(match.index + match[0].length - 1);
      found.push({ from, isTypeOnly: false, names: [], namespace: '*', offset: match.index });
    }
  }
  return found;
}

/** The line, from 1, an offset is on. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
