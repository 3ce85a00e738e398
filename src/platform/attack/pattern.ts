/**
 * A short text that matches a regular expression of the simple kind that checks are written in: literals, classes,
 * counts, groups (their first branch). Undefined for what it does not know; the database judges what it returns.
 */
export function textMatching(pattern: string): string | undefined {
  const state = { rest: pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '') };
  const text = branch(state);
  return state.rest === '' ? text : undefined;
}

interface State {
  rest: string;
}

function branch(state: State): string | undefined {
  let text = '';
  while (state.rest !== '' && !/^[|)]/.test(state.rest)) {
    const one = atom(state);
    if (one === undefined) return undefined;
    text += one.repeat(count(state));
  }
  return text;
}

function atom(state: State): string | undefined {
  const set = /^\[(?!\^)\]?[^\]]*\]/.exec(state.rest)?.[0];
  if (set !== undefined) {
    state.rest = state.rest.slice(set.length);
    return set[1] === '\\' ? escaped(set[2]) : set[1];
  }
  if (state.rest.startsWith('(')) return group(state);
  const match = /^\\(.)|^([^[\]{}*+?\\()|])/s.exec(state.rest);
  if (!match) return undefined;
  state.rest = state.rest.slice(match[0].length);
  if (match[1] !== undefined) return escaped(match[1]);
  return match[2] === '.' ? 'a' : match[2];
}

function escaped(character: string | undefined): string | undefined {
  if (character === 'd') return '0';
  if (character === 'w') return 'a';
  return character !== undefined && /\W/.test(character) ? character : undefined;
}

function group(state: State): string | undefined {
  const opening = /^\((?:\?:)?/.exec(state.rest)![0];
  state.rest = state.rest.slice(opening.length);
  const text = branch(state);
  while (text !== undefined && state.rest.startsWith('|')) {
    state.rest = state.rest.slice(1);
    if (branch(state) === undefined) return undefined;
  }
  if (!state.rest.startsWith(')')) return undefined;
  state.rest = state.rest.slice(1);
  return text;
}

/** How often the fewest are: what may be left out is. */
function count(state: State): number {
  const match = /^(?:([*?])|(\+)|\{(\d{1,3})(?:,\d*)?\})/.exec(state.rest);
  if (!match) return 1;
  state.rest = state.rest.slice(match[0].length);
  return match[1] ? 0 : match[2] ? 1 : Number(match[3]);
}
