/** `npm run build`: compiles src into dist, and puts beside it what is read at run time: what `npm pack` packs. */
import { spawn } from 'node:child_process';
import { cp, readdir, rm } from 'node:fs/promises';
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
}

async function compile(out: string): Promise<void> {
  // its own package does not export the program
  const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc');
  const child = spawn(process.execPath, [tsc, '--project', join(root, 'tsconfig.build.json'), '--outDir', out], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => said.push(part));
  const code = await new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  if (code !== 0) throw new Error(`the build failed:\n${Buffer.concat(said)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build(resolve(process.argv[2] ?? join(root, 'dist')));
