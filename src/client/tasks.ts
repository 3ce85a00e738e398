import { PlinthError } from './error.ts';
import type { Resources, TaskDetail, TasksEnqueueInput } from './operations.gen.ts';
import { sleep } from './transport.ts';
import type { CallOptions } from './types.ts';

export interface WaitOptions extends CallOptions {
  /** How long to wait in all; default five minutes. The task goes on after that. */
  readonly waitMs?: number;
  /** The first pause between looks; each is longer by half, up to `pauseMsMax`. Default 100 ms and 2 s. */
  readonly pauseMs?: number;
  readonly pauseMsMax?: number;
}

export interface TaskHelpers {
  /** Resolves once the task is completed, failed or cancelled; look at its `status`. Throws `wait_timeout`. */
  wait(id: string, options?: WaitOptions): Promise<TaskDetail>;
  enqueueAndWait(task: TasksEnqueueInput, options?: WaitOptions): Promise<TaskDetail>;
}

const ended = new Set(['completed', 'failed', 'cancelled']);

export function makeTasks(tasks: Resources['tasks']): TaskHelpers {
  async function wait(id: string, options: WaitOptions = {}): Promise<TaskDetail> {
    const { waitMs = 300_000, pauseMs = 100, pauseMsMax = 2000, ...call } = options;
    const endsAt = Date.now() + waitMs;
    for (let pause = pauseMs; ; pause = Math.min(pauseMsMax, pause * 1.5)) {
      const task = await tasks.get(id, call);
      if (ended.has(task.status)) return task;
      const leftMs = endsAt - Date.now();
      if (leftMs <= 0) {
        const detail = `task ${id} is ${task.status} after ${waitMs} ms`;
        throw new PlinthError('The task has not ended', { code: 'wait_timeout', detail });
      }
      await sleep(Math.min(pause, leftMs), call.signal);
    }
  }
  return {
    wait,
    async enqueueAndWait(task, options = {}) {
      const { waitMs: _, pauseMs: __, pauseMsMax: ___, ...call } = options;
      const { id } = await tasks.enqueue(task, call);
      return wait(id, options);
    },
  };
}
