import { compileExpression } from './expression.ts';
import { Allowance } from './expression-budget.ts';
import { ExpressionError } from './expression-error.ts';

const template_nesting_max = 20;

export type Variables = Readonly<Record<string, unknown>>;

/**
 * A JSON value whose texts may hold `{{ expression }}`, and whose objects may be `{ "$from": "/steps/fetch/id" }`, a JSON
 * pointer (RFC 6901). A text that is one placeholder becomes its value, of whatever type; others become part of the text.
 * Throws an ExpressionError when it can not be read, or names what is not among `known`.
 */
export function compileTemplate(template: unknown, known?: ReadonlySet<string>): (variables: Variables) => unknown {
  const compiled = compilePart(template, known, 0);
  return (variables) => compiled(variables, new Allowance());
}

type CompiledPart = (variables: Variables, allowance: Allowance) => unknown;

function compilePart(template: unknown, known: ReadonlySet<string> | undefined, depth: number): CompiledPart {
  if (depth > template_nesting_max) throw new ExpressionError(`nested deeper than ${template_nesting_max} levels`);
  if (typeof template === 'string') return compileText(template, known);
  if (Array.isArray(template)) {
    const items = template.map((item) => compilePart(item, known, depth + 1));
    return (variables, allowance) => items.map((item) => item(variables, allowance));
  }
  if (typeof template !== 'object' || template === null) return () => template;
  const fields = Object.entries(template);
  if (fields.length === 1 && fields[0]![0] === '$from') return compilePointer(fields[0]![1], known);
  const compiled = fields.map(([key, value]) => [key, compilePart(value, known, depth + 1)] as const);
  return (variables, allowance) =>
    Object.fromEntries(compiled.map(([key, value]) => [key, value(variables, allowance)]));
}

function compileText(text: string, known?: ReadonlySet<string>): CompiledPart {
  const parts: (string | CompiledPart)[] = [];
  let from = 0;
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', from)) {
    const close = text.indexOf('}}', open);
    if (close < 0) throw new ExpressionError('"{{" without "}}"');
    if (open > from) parts.push(text.slice(from, open));
    parts.push(compileExpression(text.slice(open + 2, close), known));
    from = close + 2;
  }
  if (from < text.length) parts.push(text.slice(from));
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'function') return only;
  if (parts.every((part) => typeof part === 'string')) return () => text;
  return (variables, allowance) =>
    parts
      .map((part) => {
        const value = typeof part === 'string' ? part : part(variables, allowance);
        return typeof value === 'string' ? value : JSON.stringify(value);
      })
      .join('');
}

function compilePointer(pointer: unknown, known?: ReadonlySet<string>): CompiledPart {
  if (typeof pointer !== 'string' || !/^(?:\/(?:[^~]|~[01])*)*$/.test(pointer)) {
    throw new ExpressionError('"$from" is a JSON pointer such as /steps/fetch/id');
  }
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const [root] = parts;
  if (known && root !== undefined && !known.has(root)) throw new ExpressionError(`${pointer}: there is no ${root}`);
  return (variables, allowance) => {
    let value: unknown = variables;
    for (const part of parts) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) {
        throw new ExpressionError(`${pointer}: there is no ${part}`);
      }
      value = (value as Record<string, unknown>)[part];
    }
    allowance.take(value);
    return value;
  };
}
