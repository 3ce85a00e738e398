import { relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

const shown = 10;

/** Closes a run with the files that took longest: where its time is to be looked for. */
export default class SlowestFiles implements Reporter {
  #root = '';

  onInit(vitest: Vitest): void {
    this.#root = vitest.config.root;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= 1) return;
    const times = modules
      .map((module) => ({ path: relative(this.#root, module.moduleId), seconds: secondsOf(module) }))
      .toSorted((a, b) => b.seconds - a.seconds);
    const total = times.reduce((sum, { seconds }) => sum + seconds, 0);
    const lines = times.slice(0, shown).map(({ path, seconds }) => `${seconds.toFixed(1).padStart(8)} s  ${path}`);
    process.stdout.write(`Slowest of ${times.length} files, ${total.toFixed(0)} s in all:\n${lines.join('\n')}\n`);
  }
}

/** With what came before the first test: the start of the worker and the imports. */
function secondsOf(module: TestModule): number {
  const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } = module.diagnostic();
  return (environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration) / 1000;
}
