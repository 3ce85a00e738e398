import type { Statement } from './split.ts';

/** Statements that would break the runner's promise "one file, one transaction, as plinth_owner". */
const transactionControl = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release']);

/** Why a statement may not stand in a migration; undefined when it may. */
export function forbiddenReason(statement: Statement, transactional: boolean): string | undefined {
  const words = statement.tokens.map((token) => (token.kind === 'word' ? token.text : ''));
  const [first, second, third] = words;
  if (first === undefined) return undefined;
  if (transactionControl.has(first) || (first === 'prepare' && second === 'transaction')) {
    return `"${first}" is not allowed: the runner opens and ends the transaction`;
  }
  if (first === 'set' || first === 'reset') return forbiddenSetting(words, transactional);
  if (first === 'discard') return '"discard" is not allowed: the session is the runner\'s';
  if (first === 'copy') {
    const from = words.lastIndexOf('from');
    if (words.includes('program')) return '"copy … program" is not allowed';
    if (words[from + 1] === 'stdin') return '"copy … from stdin" is not allowed: write insert statements';
    if (words.includes('stdout')) return '"copy … to stdout" is not allowed';
  }
  if (first === 'create' && (second === 'role' || second === 'user' || second === 'group')) {
    return second === 'user' && third === 'mapping' ? undefined : roles;
  }
  if ((first === 'drop' || first === 'alter') && (second === 'role' || second === 'group')) return roles;
  return undefined;
}

const roles = 'roles belong to the whole cluster: only plinth migrate bootstrap makes them';

function forbiddenSetting(words: readonly string[], transactional: boolean): string | undefined {
  const rest = words.slice(1).filter((word) => word !== 'local' && word !== 'session');
  if (rest[0] === 'role' || rest[0] === 'authorization') return 'a migration runs as plinth_owner throughout';
  if (words[0] === 'set' && words[1] === 'constraints') return undefined;
  if (words[0] === 'set' && words[1] === 'transaction') return '"set transaction" is not allowed';
  if (words[0] === 'set' && words[1] === 'local') {
    return transactional ? undefined : '"set local" does nothing outside a transaction';
  }
  return 'settings of the session would outlive the migration: use "set local" in a transaction';
}
