import type { Token } from '../tokens.ts';
import { deepTokens, findWords, isWord, nameAt, type Rule, startsWith } from './model.ts';

/** Runs over what a statement says, and what the bodies it quotes say. */
function anywhere(
  rule: Omit<Rule, 'check'> & { readonly find: (tokens: readonly Token[]) => number; readonly message: string },
): Rule {
  return {
    name: rule.name,
    files: rule.files,
    safeWay: rule.safeWay,
    *check({ script }) {
      for (const statement of script.statements) {
        const tokens = deepTokens(statement);
        const at = rule.find(tokens);
        if (at >= 0) yield { statement, offset: tokens[at]!.start, message: rule.message };
      }
    },
  };
}

const noDropCascade = anywhere({
  name: 'no-drop-cascade',
  files: 'both',
  safeWay: 'drop what depends on it by name first, in the order it was made backwards',
  message: '"cascade" drops whatever depends on it, also what others built',
  find: (tokens) => {
    const at = findWords(tokens, 'cascade');
    // "on delete cascade" is a key's behaviour
    if (at < 0 || isWord(tokens[at - 1], 'delete', 'update')) return at < 0 ? -1 : nextCascade(tokens, at + 1);
    return at;
  },
});

function nextCascade(tokens: readonly Token[], from: number): number {
  const at = findWords(tokens, 'cascade', from);
  if (at < 0) return -1;
  return isWord(tokens[at - 1], 'delete', 'update') ? nextCascade(tokens, at + 1) : at;
}

const rowSecurityStays = anywhere({
  name: 'row-security-stays',
  files: 'both',
  safeWay: 'a data migration needs no exception: plinth_owner has a policy that shows it every row',
  message: 'row security is switched off, and whoever is connected meanwhile sees every tenant',
  find: (tokens) =>
    Math.max(findWords(tokens, 'disable row level security'), findWords(tokens, 'no force row level security')),
});

const noRestrictivePolicy = anywhere({
  name: 'no-restrictive-policy',
  files: 'up',
  safeWay:
    'put the condition into the permissive policy, or write a second permissive one that repeats the tenant condition',
  message: 'Citus makes a restrictive policy permissive on every node, and tenants leak',
  find: (tokens) => findWords(tokens, 'as restrictive'),
});

const narrowGrants = anywhere({
  name: 'narrow-grants',
  files: 'both',
  safeWay: 'register_table and register_function grant what is needed, to roles by name',
  message: 'a grant to public, on all tables, or by default reaches what is not meant',
  find: (tokens) => {
    const grant = findWords(tokens, 'grant');
    if (grant < 0) return -1;
    const to = findWords(tokens, 'to public', grant);
    const all = ['tables', 'functions', 'routines', 'procedures', 'sequences']
      .map((kind) => findWords(tokens, `on all ${kind}`, grant))
      .find((at) => at >= 0);
    return to >= 0 ? to : (all ?? (startsWith(tokens, 'alter default privileges') ? grant : -1));
  },
});

/** The header of a function: what stands outside its body. */
function isDefiner(tokens: readonly Token[]): boolean {
  return isFunction(tokens) && findWords(tokens, 'security definer') > 0;
}

function isFunction(tokens: readonly Token[]): boolean {
  const at = startsWith(tokens, 'create or replace') ? 3 : 1;
  return isWord(tokens[0], 'create') && isWord(tokens[at], 'function', 'procedure');
}

const registerFunction: Rule = {
  name: 'register-function',
  files: 'up',
  safeWay: "after it: select plinth.register_function('plinth.<name>(<types>)', callers => …);",
  *check({ script }) {
    const registered = script.statements.flatMap(({ tokens }) => {
      const call = findWords(tokens, 'register_function (');
      const text = call < 0 ? undefined : tokens.slice(call).find(({ kind }) => kind === 'string')?.text;
      return text === undefined ? [] : [text.replace(/^'(?:plinth\.)?|\(.*$|'$/g, '')];
    });
    for (const statement of script.statements) {
      if (!isDefiner(statement.tokens)) continue;
      const at = startsWith(statement.tokens, 'create or replace') ? 4 : 2;
      const { name } = nameAt(statement.tokens, at);
      // replacing one keeps its owner and grants
      if (at === 2 && !registered.includes(name)) {
        yield {
          statement,
          message: `the security definer function ${name} is not registered: it stays the owner's, and everybody may call it`,
        };
      }
    }
  },
};

const definerSearchPath: Rule = {
  name: 'definer-search-path',
  files: 'up',
  safeWay: 'add: set search_path = pg_catalog, pg_temp (and plinth where its names are not qualified)',
  *check({ script }) {
    for (const statement of script.statements) {
      if (isDefiner(statement.tokens) && findWords(statement.tokens, 'set search_path') < 0) {
        yield {
          statement,
          message: 'a security definer function without search_path runs what its caller puts in the way',
        };
      }
    }
  },
};

const invokerViews: Rule = {
  name: 'invoker-views',
  files: 'up',
  safeWay: 'create view … with (security_invoker = true) as …',
  *check({ script }) {
    for (const statement of script.statements) {
      const at = startsWith(statement.tokens, 'create or replace') ? 3 : 1;
      if (!isWord(statement.tokens[0], 'create')) continue;
      if (isWord(statement.tokens[at], 'materialized')) {
        yield { statement, message: 'a materialized view has no row security: every tenant sees all of it' };
      }
      if (isWord(statement.tokens[at], 'view') && findWords(statement.tokens, 'security_invoker') < 0) {
        yield { statement, message: "a view reads with its owner's rights, past the tenants' policies" };
      }
    }
  },
};

const noRoleNames: Rule = {
  name: 'no-role-names',
  files: 'both',
  safeWay: "plinth.role_name('app') gives the name; register_table and register_function use it",
  *check({ script }) {
    for (const statement of script.statements) {
      const tokens = deepTokens(statement);
      const named = tokens.find(
        ({ kind, text }) =>
          (kind === 'word' || kind === 'quoted') && /^plinth_(owner|definer|app|worker|readonly)$/.test(text),
      );
      if (named)
        yield {
          statement,
          offset: named.start,
          message: `${named.text} is only its default name: roles have a prefix that the operator chooses`,
        };
    }
  },
};

export const securityRules: readonly Rule[] = [
  noDropCascade,
  rowSecurityStays,
  noRestrictivePolicy,
  narrowGrants,
  registerFunction,
  definerSearchPath,
  invokerViews,
  noRoleNames,
];
