/** A process with one worker at a time, for measuring limits over several: told what to run by its parent. */
import { startWorker, type TaskWorker } from '../src/modules/tasks/index.ts';
import { loadConfig } from '../src/platform/core/config.ts';
import { openPlinth } from '../src/plinth.ts';

export interface Order {
  /** Tasks at once, each of which takes so long; null: stop. */
  readonly concurrency: number | null;
  readonly taskType: string;
  readonly taskMs: number;
}

const plinth = await openPlinth({ config: loadConfig(process.env), migrate: false });
let worker: TaskWorker | undefined;
process.on('message', (order: Order) => void obey(order));
process.send!('ready');

async function obey({ concurrency, taskType, taskMs }: Order): Promise<void> {
  await worker?.stop();
  worker = undefined;
  if (concurrency !== null) {
    const run = () => new Promise<void>((resolve) => setTimeout(resolve, taskMs));
    worker = startWorker({
      platform: plinth.platform,
      version: 'bench',
      handlers: new Map([[taskType, { description: 'waits', run }]]),
      concurrency,
    });
  }
  process.send!('obeyed');
}
