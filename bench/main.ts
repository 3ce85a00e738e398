/**
 * `npm run bench [-- names…] [--quick | --long]`: measures and prints the table. What ran in full goes into docs/BENCHMARKS.md:
 * everything without names, and what `--long` measures at full size. A name stands for all that begin with it: `tasks`.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { creates } from './creates.ts';
import { events } from './events.ts';
import { http } from './http.ts';
import { live } from './live.ts';
import type { Benchmark, Row } from './measure.ts';
import { reads } from './reads.ts';
import { start } from './start.ts';
import { taskBenchmarks } from './tasks.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = {
  start,
  reads,
  creates,
  http,
  events,
  live,
  ...taskBenchmarks,
};
/** What is done at full size by `--long` only. */
const long_benchmarks = ['tasks-claims', 'tasks-snapshot'];
const words = process.argv.slice(2);
const quick = words.includes('--quick');
const long = words.includes('--long');
const names = words.filter((word) => !word.startsWith('--'));
const known = long ? long_benchmarks : Object.keys(benchmarks);
const isNamed = (one: string, name: string) => one === name || one.startsWith(`${name}-`);
const unknown = names.find((name) => !known.some((one) => isNamed(one, name)));
if (unknown !== undefined) throw new Error(`no benchmark "${unknown}"; there are ${known.join(', ')}`);
const chosen = known.filter((one) => names.length === 0 || names.some((name) => isNamed(one, name)));

const rows: Row[] = [];
for (const name of chosen) {
  const benchmark = benchmarks[name];
  if (!benchmark) continue;
  const began = performance.now();
  console.error(`${name} …`);
  rows.push(...(await benchmark({ quick, long, rounds: quick ? 1 : 3, note: (line) => console.error(`  ${line}`) })));
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
if (long && chosen.length === long_benchmarks.length) write('long', `${measured()}\n\n${table}`);
else if (!quick && !long && names.length === 0) write('table', `${measured()}\n\n${table}`);

function measured(): string {
  const [cpu] = cpus();
  const command = `npm run bench${long ? ' -- --long' : ''}`;
  return `Measured by \`${command}\` on ${new Date().toISOString().slice(0, 10)}, everything in one run: ${cpus().length} cores (${cpu?.model.trim()}),
${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}, PostgreSQL 18 (fsync and synchronous_commit on, 256 MB of shared
buffers), PGlite with fsync on. Client, server and database share the cores. Medians of three alternating rounds.`;
}

/** Replaces what stands between the marks of a part of the document. */
function write(part: 'table' | 'long', text: string): void {
  const path = new URL('../docs/BENCHMARKS.md', import.meta.url);
  const between = new RegExp(`(<!-- ${part} -->\n)[^]*?(\n<!-- end of ${part} -->)`);
  const document = readFileSync(path, 'utf8');
  if (!between.test(document)) throw new Error(`docs/BENCHMARKS.md has no part "${part}"`);
  writeFileSync(
    path,
    document.replace(between, (_all, start: string, end: string) => `${start}${text}${end}`),
  );
  console.error(`wrote the part "${part}" of docs/BENCHMARKS.md`);
}
