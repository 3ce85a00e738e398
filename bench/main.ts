/** `npm run bench [-- names…] [--quick]`: measures, prints the table, and writes docs/BENCHMARKS.md when all ran in full. */

import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { creates } from './creates.ts';
import { http } from './http.ts';
import type { Benchmark, Row } from './measure.ts';
import { reads } from './reads.ts';
import { start } from './start.ts';
import { tasks } from './tasks.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = { start, reads, creates, http, tasks };
const words = process.argv.slice(2);
const quick = words.includes('--quick');
const names = words.filter((word) => !word.startsWith('--'));
const chosen = names.length > 0 ? names : Object.keys(benchmarks);

const rows: Row[] = [];
for (const name of chosen) {
  const benchmark = benchmarks[name];
  if (!benchmark) throw new Error(`no benchmark "${name}"; there are ${Object.keys(benchmarks).join(', ')}`);
  const began = performance.now();
  console.error(`${name} …`);
  rows.push(...(await benchmark({ quick, rounds: quick ? 1 : 3, note: (line) => console.error(`  ${line}`) })));
  console.error(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}
const table = [
  '| What | Engine | Result | Goal | |',
  '|---|---|---|---|---|',
  ...rows.map(
    ({ what, engine, result, goal, met }) =>
      `| ${what} | ${engine} | ${result} | ${goal} | ${met === undefined ? '' : met ? 'met' : '**missed**'} |`,
  ),
].join('\n');
console.log(table);
if (!quick && names.length === 0) {
  writeFileSync(new URL('../docs/BENCHMARKS.md', import.meta.url), document());
  console.error('wrote docs/BENCHMARKS.md');
}

function document(): string {
  const [cpu] = cpus();
  return `# Benchmarks

Measured by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, everything in one run: ${cpus().length} cores (${cpu?.model.trim()}),
${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}, PostgreSQL 18 (fsync and synchronous_commit on, 256 MB of shared
buffers), PGlite with fsync on. Client, server and database share the cores. Medians of three alternating rounds.
Absolute figures depend on the machine: trust the ratios.

${table}

How it is measured is in [bench/](../bench): one file a subject. "Without row security" is the same client and named
statement as the schema's owner; "the bare INSERT" goes into a copy of the table without triggers, as the owner.
graphile-worker runs with a local queue of 500, batched completions and a concurrency of 24, in the same process as ours.
`;
}
