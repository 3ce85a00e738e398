export interface Schedule {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly cron: string;
  /** The expression in words. */
  readonly explanation: string;
  readonly timezone: string;
  readonly definition: string | null;
  readonly task_type: string | null;
  readonly payload: unknown;
  readonly priority: number;
  readonly catch_up: 'skip' | 'last' | 'all';
  readonly catch_up_max: number;
  readonly is_active: boolean;
  readonly next_run_at: string | null;
  readonly last_run_at: string | null;
  readonly created_by: string | null;
  readonly created_at: string;
}

export interface Firing {
  readonly id: string;
  readonly tick: string;
  readonly kind: 'tick' | 'manual';
  readonly outcome: 'enqueued' | 'failed';
  readonly task_id: string | null;
  readonly task_status: string | null;
  readonly error: { readonly code?: string; readonly message?: string } | null;
  readonly created_at: string;
}

export const touchedBySchedules = ['/v1/schedules', '/v1/tasks', '/rest/v1/tasks'];

/** A time where the schedule's clocks stand, with its zone: what people compare with the expression. */
export function inZone(at: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short', timeZone }).format(new Date(at));
}
