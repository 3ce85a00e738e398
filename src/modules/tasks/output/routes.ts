import { Type } from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, IdParams, Nullable, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { makeBell } from '../../../platform/worker/wakeups.ts';
import { outputLimits } from './limits.ts';
import { logLevels } from './line.ts';
import { decodePosition, type LogPage, readLogs } from './read-logs.ts';
import { task_output_channel } from './task-output.ts';

const poll_ms = 1_000;

const Page = Type.Object({
  data: Type.Array(
    Type.Object({
      id: Id,
      occurred_at: Timestamp,
      attempt: Type.Integer(),
      level: Type.Enum([...logLevels]),
      message: Type.String(),
      data: Type.Unknown(),
    }),
  ),
  next_cursor: Nullable(Type.String({ description: 'Where to go on; null: nothing was written yet.' })),
  progress: Nullable(
    Type.Object({
      attempt: Type.Integer(),
      fraction: Type.Number(),
      message: Type.String(),
      reported_at: Timestamp,
    }),
  ),
  ended: Type.Boolean({ description: 'Whether no more lines are to come.' }),
});

/** /v1/tasks/:id/logs: what the attempts of a task said, also while they say it. */
export function outputRoutes(routes: RouteRegistrar, platform: Platform): void {
  let tails = 0;

  /** Resolves when lines may have come: by a wake-up, after a second, or when the caller has gone. */
  async function waitForLines(deadline: number, gone: AbortSignal): Promise<void> {
    const bell = makeBell();
    const unsubscribe = platform.wakeups.subscribe(task_output_channel, () => bell.ring());
    gone.addEventListener('abort', bell.ring, { once: true });
    try {
      await bell.rung(Math.max(1, Math.min(poll_ms, deadline - performance.now())));
    } finally {
      unsubscribe();
      gone.removeEventListener('abort', bell.ring);
    }
  }

  routes.add({
    method: 'GET',
    url: '/v1/tasks/:id/logs',
    summary: 'Log lines of a task, oldest first; with wait_seconds the answer waits for the next ones',
    tag: 'tasks',
    permission: 'tasks:read',
    params: IdParams,
    query: Type.Object(
      {
        cursor: Type.Optional(Type.String({ maxLength: 200, description: 'next_cursor of the answer before.' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_rows_max })),
        attempt: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
        level: Type.Optional(Type.Enum([...logLevels], { description: 'This one and those above it.' })),
        wait_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: outputLimits.tail_wait_seconds_max })),
      },
      { additionalProperties: false },
    ),
    response: Page,
    async handle({ params, query, scope, request }) {
      const { attempt, level = 'debug', limit: rowsMax = limits.page_rows_default, wait_seconds = 0 } = query;
      const after = decodePosition(query.cursor);
      const levels = logLevels.slice(logLevels.indexOf(level));
      const read = (): Promise<LogPage> =>
        platform.door.read(scope, (tx) =>
          readLogs(tx, params.id, { after, attempt, levels, rowsMax, now: platform.clock.now() }),
        );
      const first = await read();
      if (first.data.length > 0 || first.ended || wait_seconds === 0 || tails >= outputLimits.tails_max) return first;
      const deadline = performance.now() + wait_seconds * 1_000;
      const gone = new AbortController();
      const leave = () => gone.abort();
      request.raw.socket.once('close', leave);
      tails++;
      try {
        let page = first;
        while (page.data.length === 0 && !page.ended && !gone.signal.aborted && performance.now() < deadline) {
          await waitForLines(deadline, gone.signal);
          const before = page.progress?.reported_at;
          page = await read();
          if (String(page.progress?.reported_at) !== String(before)) break;
        }
        return page;
      } finally {
        tails--;
        request.raw.socket.off('close', leave);
      }
    },
  });
}
