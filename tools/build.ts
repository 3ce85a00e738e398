/** `npm run build`: compiles src into dist, and puts beside it what is read at run time: what `npm pack` packs. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const source = join(root, 'src');

/** What lies beside the code for people and tests. */
const notReadAtRunTime = /(^|\/)(golden|fixtures)\/|README\.md$|\.gen\.txt$/;

/** Files under src that are no code and are read at run time (migrations, pages), as paths from src. */
export async function runTimeFiles(): Promise<string[]> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(source.length + 1)
        .replaceAll(sep, '/'),
    )
    .filter((file) => !file.endsWith('.ts') && !notReadAtRunTime.test(file))
    .sort();
}

/** Builds into `out`, which is emptied first. Throws what the compiler says. */
export async function build(out: string = join(root, 'dist')): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await compile(out);
  for (const file of await runTimeFiles()) await cp(join(source, file), join(out, file));
  for (const [name, files] of Object.entries(vendored)) await vendor(name, files, join(out, 'vendor', name));
}

/** Data of other packages that is packed (src/platform/core/vendored.ts). NOTICE has their licences. */
export const vendored: Readonly<Record<string, readonly string[]>> = {
  '@octokit/webhooks-examples': ['api.github.com/index.json'],
  'tree-sitter-javascript': ['tree-sitter-javascript.wasm'],
  'tree-sitter-python': ['tree-sitter-python.wasm'],
  'tree-sitter-typescript': ['tree-sitter-typescript.wasm', 'tree-sitter-tsx.wasm'],
};

async function vendor(name: string, files: readonly string[], out: string): Promise<void> {
  const from = join(root, 'node_modules', name);
  for (const file of files) {
    await mkdir(dirname(join(out, file)), { recursive: true });
    if (file.endsWith('.json')) await writeFile(join(out, file), await compactPayloads(join(from, file)));
    else await cp(join(from, file), join(out, file));
  }
  // no "main", no scripts: it is data, and says which version of it
  const { version, license } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8')) as Manifest;
  await writeFile(join(out, 'package.json'), `${JSON.stringify({ name, version, license })}\n`);
}

interface Manifest {
  readonly version: string;
  readonly license: string;
}

/** GitHub's examples without their descriptions and spaces: 3.3 of 4.3 MB. */
async function compactPayloads(file: string): Promise<string> {
  const kinds = JSON.parse(await readFile(file, 'utf8')) as { name: string; examples: unknown }[];
  return JSON.stringify(kinds.map(({ name, examples }) => ({ name, examples })));
}

async function compile(out: string): Promise<void> {
  // its own package does not export the program
  const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc');
  await runNode([tsc, '--project', join(root, 'tsconfig.build.json'), '--outDir', out], root);
}

async function runNode(args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => said.push(part));
  const code = await new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  if (code !== 0) throw new Error(`the build failed:\n${Buffer.concat(said)}`);
}

/** The console into console/dist, where there is one. */
async function buildConsole(): Promise<void> {
  const folder = join(root, 'console');
  if (!existsSync(join(folder, 'vite.config.ts'))) return;
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  await runNode([vite, 'build', '--logLevel', 'warn'], folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build(resolve(process.argv[2] ?? join(root, 'dist')));
  await buildConsole();
}
