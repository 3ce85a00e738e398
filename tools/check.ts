/** `npm run check`: everything that must be clean at every commit. Prints one line a step, and what failed. */
import { spawnSync } from 'node:child_process';

const steps: [name: string, command: string, ...args: string[]][] = [
  ['types', 'tsc', '--noEmit'],
  ['types of the console', 'tsc', '--noEmit', '--project', 'console'],
  ['lint and format', 'biome', 'check', '--error-on-warnings', '.'],
  ['boundaries', process.execPath, 'tools/lint-boundaries.ts'],
  ['migrations', process.execPath, 'tools/lint-migrations.ts'],
  ['generated files', process.execPath, 'tools/gen.ts', '--check'],
  ['links in documents', process.execPath, 'tools/lint-docs.ts'],
];

let failed = 0;
for (const [name, command, ...args] of steps) {
  const started = performance.now();
  const run = spawnSync(command, args, { encoding: 'utf8' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${run.status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (run.status !== 0) {
    failed++;
    console.log(run.error?.message ?? `${run.stdout}${run.stderr}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
