import { type JsonPath, valueAt } from '../json.ts';

/** Where a column's value comes from, with the words for the reference. */
export interface Source {
  readonly text: string;
  read(payload: unknown): unknown;
}

/** A path such as `pull_request.head.sha` or `branches.0.name`, a source, or several of which the first that fits counts. */
export type SourceRule = string | Source | readonly (string | Source)[];

function parsePath(path: string): JsonPath {
  return path.split('.').map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
}

function source(path: string, text: string, convert: (value: unknown, payload: unknown) => unknown): Source {
  const parsed = parsePath(path);
  return { text, read: (payload) => convert(valueAt(payload, parsed), payload) };
}

export function at(path: string): Source {
  return source(path, `\`${path}\``, (value) => value);
}

function without(prefix: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(prefix) ? value.slice(prefix.length) : undefined;
}

/** The branch a full ref names; nothing for tags and other refs. */
export function branchOf(path: string): Source {
  return source(path, `\`${path}\` without refs/heads/`, (value) => without('refs/heads/', value));
}

/** The tag a full ref names. */
export function tagOf(path: string): Source {
  return source(path, `\`${path}\` without refs/tags/`, (value) => without('refs/tags/', value));
}

/** "branch" or "tag", by what a full ref begins with. */
export function refTypeOf(path: string): Source {
  return source(path, `"branch" or "tag", from \`${path}\``, (value) => {
    if (without('refs/heads/', value) !== undefined) return 'branch';
    return without('refs/tags/', value) === undefined ? undefined : 'tag';
  });
}

export function countOf(path: string): Source {
  return source(path, `the length of \`${path}\``, (value) => (Array.isArray(value) ? value.length : undefined));
}

/** One field of every element of an array. */
export function eachOf(path: string, field: string): Source {
  return source(path, `\`${field}\` of each of \`${path}\``, (value) =>
    Array.isArray(value) ? value.map((element: unknown) => valueAt(element, [field])) : undefined,
  );
}

/** The value at `path` where the value at `condition` is `wanted`. */
export function whenEqual(path: string, condition: string, wanted: string): Source {
  const parsed = parsePath(condition);
  return source(path, `\`${path}\` where \`${condition}\` is "${wanted}"`, (value, payload) =>
    valueAt(payload, parsed) === wanted ? value : undefined,
  );
}

/** The value at `path` where there is an object at `condition`. */
export function whenObject(path: string, condition: string): Source {
  const parsed = parsePath(condition);
  return source(path, `\`${path}\` where there is \`${condition}\``, (value, payload) => {
    const found = valueAt(payload, parsed);
    return typeof found === 'object' && found !== null ? value : undefined;
  });
}

export function sourcesOf(rule: SourceRule): readonly Source[] {
  const rules = typeof rule === 'string' || 'read' in rule ? [rule] : rule;
  return rules.map((one) => (typeof one === 'string' ? at(one) : one));
}
