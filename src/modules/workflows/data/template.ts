import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-error.ts';

const template_nesting_max = 20;

export type Variables = Readonly<Record<string, unknown>>;

/**
 * A JSON value whose texts may hold `{{ expression }}`, and whose objects may be `{ "$from": "/steps/fetch/id" }`, a JSON
 * pointer (RFC 6901). A text that is one placeholder becomes its value, of whatever type; others become part of the text.
 * Throws an ExpressionError when it can not be read, or names what is not among `known`.
 */
export function compileTemplate(
  template: unknown,
  known?: ReadonlySet<string>,
  depth = 0,
): (variables: Variables) => unknown {
  if (depth > template_nesting_max) throw new ExpressionError(`nested deeper than ${template_nesting_max} levels`);
  if (typeof template === 'string') return compileText(template, known);
  if (Array.isArray(template)) {
    const items = template.map((item) => compileTemplate(item, known, depth + 1));
    return (variables) => items.map((item) => item(variables));
  }
  if (typeof template !== 'object' || template === null) return () => template;
  const fields = Object.entries(template);
  if (fields.length === 1 && fields[0]![0] === '$from') return compilePointer(fields[0]![1], known);
  const compiled = fields.map(([key, value]) => [key, compileTemplate(value, known, depth + 1)] as const);
  return (variables) => Object.fromEntries(compiled.map(([key, value]) => [key, value(variables)]));
}

function compileText(text: string, known?: ReadonlySet<string>): (variables: Variables) => unknown {
  const parts: (string | ((variables: Variables) => unknown))[] = [];
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
  return (variables) =>
    parts
      .map((part) => {
        const value = typeof part === 'string' ? part : part(variables);
        return typeof value === 'string' ? value : JSON.stringify(value);
      })
      .join('');
}

function compilePointer(pointer: unknown, known?: ReadonlySet<string>): (variables: Variables) => unknown {
  if (typeof pointer !== 'string' || !/^(?:\/(?:[^~]|~[01])*)*$/.test(pointer)) {
    throw new ExpressionError('"$from" is a JSON pointer such as /steps/fetch/id');
  }
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const [root] = parts;
  if (known && root !== undefined && !known.has(root)) throw new ExpressionError(`${pointer}: there is no ${root}`);
  return (variables) => {
    let value: unknown = variables;
    for (const part of parts) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) {
        throw new ExpressionError(`${pointer}: there is no ${part}`);
      }
      value = (value as Record<string, unknown>)[part];
    }
    return value;
  };
}
