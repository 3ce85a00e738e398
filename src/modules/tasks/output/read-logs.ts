import { errors } from '../../../platform/core/errors.ts';
import { isUuid } from '../../../platform/core/ids.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';

export interface LogRow {
  readonly id: string;
  readonly occurred_at: Date;
  readonly attempt: number;
  readonly level: string;
  readonly message: string;
  readonly data: unknown;
}

export interface ProgressRow {
  readonly attempt: number;
  readonly fraction: number;
  readonly message: string;
  readonly reported_at: Date;
}

/** Lines in the order they were written: by attempt, then id. An attempt's lines come from one process, in turn. */
export interface LogPosition {
  readonly attempt: number;
  readonly id: string;
}

export function encodePosition({ attempt, id }: LogPosition): string {
  return Buffer.from(`l:${attempt}:${id}`).toString('base64url');
}

/** Throws `invalid_cursor`. */
export function decodePosition(cursor: string | undefined): LogPosition | undefined {
  if (cursor === undefined) return undefined;
  const [kind, attempt, id] = Buffer.from(cursor, 'base64url').toString('latin1').split(':');
  const position = { attempt: Number(attempt), id: id ?? '' };
  const isOurs = kind === 'l' && Number.isSafeInteger(position.attempt) && isUuid(position.id);
  if (!isOurs || encodePosition(position) !== cursor) throw errors.invalid_cursor();
  return position;
}

export interface LogPage {
  readonly data: readonly LogRow[];
  readonly next_cursor: string | null;
  readonly progress: ProgressRow | null;
  /** Whether no more lines are to come. */
  readonly ended: boolean;
}

/** How long after its end a task's last lines may still be on their way. */
const last_lines_ms = 2_000;

/** Lines of a task after a position, its progress, and whether it has ended. Throws `not_found`. */
export async function readLogs(
  tx: ScopedTx,
  taskId: string,
  options: {
    after: LogPosition | undefined;
    attempt: number | undefined;
    levels: readonly string[];
    rowsMax: number;
    now: Date;
  },
): Promise<LogPage> {
  const { after, attempt, levels, rowsMax, now } = options;
  const [task] = await tx.sql<{ completed_at: Date | null; progress: ProgressRow | null }>(
    `select t.completed_at,
            (select jsonb_build_object('attempt', p.attempt, 'fraction', p.fraction, 'message', p.message, 'reported_at', p.reported_at)
             from plinth.task_progress p where p.organization_id = $1 and p.task_id = $2) as progress
     from plinth.tasks t
     where t.organization_id = $1 and t.id = $2 and t.deleted_at is null`,
    [tx.organizationId, taskId],
  );
  if (!task) throw errors.not_found({ detail: 'no such task' });
  const rows = await tx.sql<LogRow>(
    `select id, occurred_at, attempt, level, message, data
     from plinth.task_execution_logs
     where organization_id = $1
       and task_id = $2
       and ($3::int is null or (attempt, id) > ($3, $4::uuid))
       and ($5::int is null or attempt = $5)
       and level = any ($6::text[])
     order by attempt, id
     limit $7`,
    [tx.organizationId, taskId, after?.attempt, after?.id, attempt, levels, rowsMax],
  );
  const last = rows.at(-1) ?? after;
  const isOver = task.completed_at !== null && now.getTime() - task.completed_at.getTime() > last_lines_ms;
  return {
    data: rows,
    next_cursor: last ? encodePosition(last) : null,
    progress: task.progress,
    ended: isOver && rows.length < rowsMax,
  };
}
