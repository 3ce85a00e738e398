#!/usr/bin/env node
// Plain JavaScript, so that any Node can start it. Before 22.18 Node can run neither TypeScript files as they are nor
// Plinth: a checkout moves to the Node that npm installed beside it; the package runs on its user's, and says so.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = new URL('../src/cli/main.ts', import.meta.url);
const built = new URL('../dist/cli/main.js', import.meta.url);
const main = existsSync(source) ? source : built;
const sourcesCondition = '--conditions=plinth-source';
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  await compileLittle();
  await keepCompiledCode();
  if (main === source) await meanSourcesByPlinth();
  await import(main.href);
} else {
  const node = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  const isSecondTry = process.execArgv.includes(sourcesCondition);
  if (main === built || !existsSync(node) || isSecondTry) {
    const way = main === built ? 'see nodejs.org' : 'run npm ci first';
    console.error(`plinth: Node ${process.version} is too old, 22.18 or later is needed; ${way}`);
    process.exit(3);
  }
  // this file again, which does more than load the program
  const again = [sourcesCondition, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(node, again, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

/**
 * The embedded engine has functions that V8 optimizes as soon as they have run some hundred times: the one that
 * evaluates SQL expressions takes 600 MB and a second of a processor for that, more than most commands take for all the
 * rest. With a larger budget only what works for long is optimized. Before anything is loaded from the compile cache:
 * its entries are valid for the same options only.
 */
async function compileLittle() {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--wasm-tiering-budget=2000000000');
}

/**
 * What Node compiled (and, in a checkout, stripped of types) is kept from one start to the next: that is half of a
 * start. In the user's own folder: in the shared temporary one, Node's own choice, others could lay code for us, and
 * `HOME` may be theirs under sudo. NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 switches it off.
 */
async function keepCompiledCode() {
  const { enableCompileCache } = await import('node:module');
  try {
    enableCompileCache(join(userInfo().homedir, '.cache', 'plinth', 'compiled'));
  } catch {
    // a user without a home: every start compiles
  }
}

/**
 * In a checkout `import 'plinth'` in a user's plinth.config.ts means these sources and not a build of them: there must be
 * one copy of Plinth in the process. The condition stands in package.json's exports.
 */
async function meanSourcesByPlinth() {
  const { registerHooks } = await import('node:module');
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, specifier === 'plinth' || specifier.startsWith('plinth/') ? withSources(context) : context),
  });
}

function withSources(context) {
  return { ...context, conditions: [...context.conditions, 'plinth-source'] };
}
