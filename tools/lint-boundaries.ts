/**
 * Who may do what, by folder: `npm run check` runs it over the whole repository. The rules are pure functions over a
 * path and a text; the exceptions are the lists below, and each says why.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Import, importsOf, lineOf, type SourceText, separate } from './source-text.ts';

const FILE_LINES_MAX = 500;

/** Paths or folders (ending in a slash) that a rule lets pass. */
export const exceptions = {
  /** Calls over the network. Only the first may call addresses that come from outside. */
  outbound: [
    'src/platform/net/',
    // The typed client and the command line's: they call the user's own server.
    'src/client/',
    'src/cli/server-client.ts',
    // Between a worker under test and the user's own server.
    'src/cli/worker-check/',
    // In the browser: its own server.
    'src/modules/tenancy/pages/',
    'console/',
    // In the container: its own server.
    'deploy/healthcheck.js',
    'bench/',
    'examples/',
    'clients/',
  ],
  // Git on the operator's clones, squawk on migration files, and the bundler on the console: fixed programs, argument lists, an empty environment.
  childProcess: [
    'bin/',
    'tools/',
    'bench/',
    'src/modules/analysis/sources/',
    // The operator's own, named in code: docs/guides/commands.md.
    'src/modules/tasks/commands/',
    'src/platform/migrate/lint/',
    'src/cli/commands/demo.ts',
    'src/cli/console-build.ts',
    // The command of whoever checks a worker of theirs.
    'src/cli/worker-check/worker-process.ts',
  ],
  ciphers: ['src/platform/core/crypto/'],
  weakHashes: [] as string[],
  postgres: ['src/platform/db/', 'src/platform/migrate/', 'src/platform/transfer/', 'bench/', 'tools/', 'examples/'],
  fileLength: ['package-lock.json'],
} as const;

export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** What a module says it may use, by module; undefined where it has no module.ts yet. */
export type Dependencies = ReadonlyMap<string, readonly string[]>;

type Report = (rule: string, offset: number, message: string) => void;

interface Checked extends SourceFile {
  readonly source: SourceText;
  readonly imports: readonly Import[];
  readonly isTest: boolean;
}

/** Everything wrong with one file, in the order of its lines. */
export function lintFile(file: SourceFile, dependencies: Dependencies = new Map()): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (rule, offset, message) =>
    findings.push({ rule, path: file.path, line: lineOf(file.text, offset), message });
  checkLength(file, report);
  if (!/\.[cm]?[jt]sx?$/.test(file.path)) return findings;
  const source = separate(file.text);
  const isTest = /\.(?:test|fixture)\.tsx?$/.test(file.path) || file.path.startsWith('tests/');
  const checked: Checked = { ...file, source, imports: importsOf(source), isTest };
  for (const rule of [checkOutbound, checkChildProcess, checkLayers, checkCiphers, checkHashes, checkPostgres]) {
    rule(checked, report, dependencies);
  }
  return findings.sort((a, b) => a.line - b.line);
}

function isExcepted(path: string, list: readonly string[]): boolean {
  return list.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one));
}

function checkLength(file: SourceFile, report: Report): void {
  const isCounted = /\.(?:[cm]?[jt]sx?|sql)$/.test(file.path) && !/\.gen\.\w+$|(?:^|\/)golden\//.test(file.path);
  if (!isCounted || isExcepted(file.path, exceptions.fileLength)) return;
  const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
  if (lines > FILE_LINES_MAX) report('file-length', file.text.length, `${lines} lines; at most ${FILE_LINES_MAX}`);
}

/** Modules that can open a connection, and by which names; `*` is all of it. Servers and address helpers are fine. */
const connecting: Record<string, readonly string[]> = {
  http: ['request', 'get', 'Agent', 'ClientRequest', 'globalAgent'],
  https: ['request', 'get', 'Agent', 'globalAgent'],
  http2: ['connect'],
  net: ['connect', 'createConnection', 'Socket', 'Stream'],
  tls: ['connect', 'TLSSocket'],
  dgram: ['*'],
  dns: ['*'],
  'dns/promises': ['*'],
  undici: ['*'],
  axios: ['*'],
  'node-fetch': ['*'],
  ws: ['*'],
};

function checkOutbound({ path, source, imports, isTest }: Checked, report: Report): void {
  if (isTest || isExcepted(path, exceptions.outbound)) return;
  const hint = 'use outbound() of src/platform/net';
  for (const match of source.code.matchAll(
    /(?<![.\w$]|\bfunction\s)(?:(?:globalThis|window|self|global)\s*\.\s*)?(fetch|WebSocket|EventSource|XMLHttpRequest)\b(?!\s*[?:]|\s*\([^()]*\)\s*(?::[^={;]*)?\{)/g,
  )) {
    report('outbound', match.index, `${match[1]} goes around the outbound client: ${hint}`);
  }
  for (const one of imports) {
    const names = connecting[one.from.replace(/^node:/, '')];
    if (!names || one.isTypeOnly) continue;
    for (const use of usesOf(one, names, source)) {
      report('outbound', use.offset, `${one.from} ${use.name} goes around the outbound client: ${hint}`);
    }
  }
}

/** Where a file uses the named members of an imported module, by braces or through its local name. */
function usesOf(one: Import, names: readonly string[], source: SourceText): { name: string; offset: number }[] {
  if (names.includes('*') || one.namespace === '*') return [{ name: '', offset: one.offset }];
  const uses = one.names.filter((name) => names.includes(name)).map((name) => ({ name, offset: one.offset }));
  if (one.namespace === undefined) return uses;
  const local = one.namespace.replaceAll('$', '\\$');
  for (const match of source.code.matchAll(
    new RegExp(`(?<![.\\w$])${local}\\s*(?:\\?\\.|\\.)\\s*(${names.join('|')})\\b`, 'g'),
  )) {
    uses.push({ name: match[1]!, offset: match.index });
  }
  // Taken apart or by a computed name: what is used can not be seen.
  for (const match of source.code.matchAll(
    new RegExp(`(?<![.\\w$])${local}\\s*(?:\\[|\\?\\.\\[)|[}\\w]\\s*=\\s*${local}\\s*[;\\n]`, 'g'),
  )) {
    uses.push({ name: 'taken apart', offset: match.index });
  }
  return uses;
}

function checkChildProcess({ path, source, imports, isTest }: Checked, report: Report): void {
  if (isTest || isExcepted(path, exceptions.childProcess)) return;
  for (const one of imports) {
    if (/^(?:node:)?(?:child_process|cluster)$/.test(one.from) && !one.isTypeOnly) {
      report('child-process', one.offset, 'child processes are started only where tools/lint-boundaries.ts lists it');
    }
  }
  for (const match of source.code.matchAll(/\bprocess\s*\.\s*(?:binding|getBuiltinModule|dlopen|_linkedBinding)\b/g)) {
    report('child-process', match.index, 'built-in modules are imported, so that the lints see them');
  }
}

/** The platform knows no module; a module is used through its index.ts, by those that say they depend on it. */
function checkLayers(file: Checked, report: Report, dependencies: Dependencies): void {
  const { path, imports, isTest } = file;
  const own = /^src\/modules\/([^/]+)\//.exec(path)?.[1];
  const isPlatform = path.startsWith('src/platform/');
  if (own === undefined && !isPlatform) return;
  for (const one of imports) {
    if (!one.from.startsWith('.')) continue;
    const target = posix.normalize(posix.join(posix.dirname(path), one.from));
    const other = /^src\/modules\/([^/]+)\/?(.*)$/.exec(target);
    if (isPlatform && !isTest && /^src\/(?!platform\/)/.test(target)) {
      report('platform-imports', one.offset, `the platform imports only itself, not ${target}`);
    }
    if (own === undefined || !other || other[1] === own) continue;
    const [, name = '', rest] = other;
    if (rest !== 'index.ts') report('module-index', one.offset, `the module ${name} is imported through its index.ts`);
    const declared = dependencies.get(own);
    if (declared && !isTest && !declared.includes(name)) {
      report('module-depends-on', one.offset, `${own} does not list ${name} in dependsOn of its module.ts`);
    }
  }
}

function checkCiphers({ path, source, imports }: Checked, report: Report): void {
  if (isExcepted(path, exceptions.ciphers)) return;
  const names = [
    'createCipheriv',
    'createDecipheriv',
    'publicEncrypt',
    'privateDecrypt',
    'webcrypto',
    'subtle',
    'createCipher',
  ];
  for (const one of imports) {
    if (!/^(?:node:)?crypto$/.test(one.from) || one.isTypeOnly) continue;
    for (const use of usesOf(one, names, source)) {
      report('ciphers', use.offset, `${use.name}: encrypt with src/platform/core/crypto`);
    }
  }
  for (const match of source.code.matchAll(/\bcrypto\s*\.\s*subtle\b|\bcreate(?:C|Dec)ipheriv\s*\(/g)) {
    report('ciphers', match.index, 'encrypt with src/platform/core/crypto');
  }
}

function checkHashes({ path, source, isTest }: Checked, report: Report): void {
  if (isTest || isExcepted(path, exceptions.weakHashes)) return;
  const call = /\b(?:createHash|createHmac|hash|getHashes|createSign|createVerify)\s*\(\s*(?=['"`])/g;
  for (const match of source.code.matchAll(call)) {
    const text = source.withStrings.slice(match.index + match[0].length, match.index + match[0].length + 20);
    if (/^['"`](?:rsa-)?(?:md[45]|sha-?1)['"`]/i.test(text)) {
      report('weak-hash', match.index, 'MD5 and SHA-1 are broken: use sha256');
    }
  }
}

function checkPostgres({ path, imports, isTest }: Checked, report: Report): void {
  if (isTest || isExcepted(path, exceptions.postgres)) return;
  for (const one of imports) {
    if (/^(?:pg|pg-pool|pg-native|pg-copy-streams|@electric-sql\/pglite)(?:\/|$)/.test(one.from) && !one.isTypeOnly) {
      report('database-door', one.offset, `${one.from} is imported only under src/platform/db: take a ScopedTx`);
    }
  }
}

/** The names in `dependsOn: […]` of a module.ts; undefined when it has none. */
export function dependsOnOf(moduleText: string): string[] | undefined {
  const { code, withStrings } = separate(moduleText);
  const start = /\bdependsOn\s*:\s*\[/.exec(code);
  if (!start) return undefined;
  const list = withStrings.slice(start.index, code.indexOf(']', start.index));
  return [...list.matchAll(/['"]([\w-]+)['"]/g)].map((match) => match[1]!);
}

/** All findings over a set of files, which includes the modules' module.ts. */
export function lintFiles(files: readonly SourceFile[]): Finding[] {
  const dependencies = new Map<string, readonly string[]>();
  for (const { path, text } of files) {
    const name = /^src\/modules\/([^/]+)\/module\.ts$/.exec(path)?.[1];
    const declared = name === undefined ? undefined : dependsOnOf(text);
    if (name !== undefined && declared) dependencies.set(name, declared);
  }
  return files.flatMap((file) => lintFile(file, dependencies));
}

const foldersSkipped = /^(?:node_modules|dist|coverage|\..*)$/;

/** The repository's own source files. */
export function readSources(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(`${root}/${folder}`, { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !foldersSkipped.test(entry.name)) walk(path);
      else if (entry.isFile() && /\.(?:[cm]?[jt]sx?|sql)$/.test(entry.name)) {
        files.push({ path, text: readFileSync(`${root}/${path}`, 'utf8') });
      }
    }
  };
  walk('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

if (import.meta.main) {
  const findings = lintFiles(readSources(fileURLToPath(new URL('..', import.meta.url))));
  for (const { path, line, rule, message } of findings) console.log(`${path}:${line} ${rule}: ${message}`);
  process.exit(findings.length === 0 ? 0 : 1);
}
