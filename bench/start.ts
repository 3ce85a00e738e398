/** Cold start with an empty folder, and restart: from the start of the process to ready. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, median } from './measure.ts';
import { startUp } from './process.ts';

const cold_seconds_max = 20;
const restart_seconds_max = 3;

export const start: Benchmark = async ({ rounds }) => {
  const cold: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'plinth-bench-'));
    const data = ['--data', join(folder, 'data')];
    for (const times of [cold, again]) {
      const server = await startUp(data);
      times.push(server.readyMs / 1000);
      await server.stop();
    }
    rmSync(folder, { recursive: true, force: true });
  }
  const row = (what: string, seconds: number, max: number) => ({
    what,
    engine: 'PGlite',
    result: `${seconds.toFixed(1)} s`,
    goal: `≤ ${max} s`,
    met: seconds <= max,
  });
  return [
    row('Cold start: empty folder to ready', median(cold), cold_seconds_max),
    row('Restart', median(again), restart_seconds_max),
  ];
};
