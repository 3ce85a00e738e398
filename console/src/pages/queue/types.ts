export interface TypeFigures {
  readonly task_type: string;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly failure_rate: number | null;
  readonly completed_per_hour: number;
  /** Seconds. */
  readonly wait_p50: number | null;
  readonly wait_p95: number | null;
  readonly run_p50: number | null;
  readonly run_p95: number | null;
  readonly open: number;
}

export interface Statistics {
  readonly since: string;
  readonly types: readonly TypeFigures[];
}

export interface IntervalFigures {
  readonly task_type: string;
  readonly from: string;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly wait_p50: number | null;
  readonly wait_p95: number | null;
  readonly run_p50: number | null;
  readonly run_p95: number | null;
}

export interface Intervals {
  readonly since: string;
  readonly until: string;
  readonly interval_seconds: number;
  readonly data: readonly IntervalFigures[];
}

/** A type of task, its depth, and who serves it. */
export interface ServedType {
  readonly task_type: string;
  readonly workers: number;
  readonly last_seen_at: string | null;
  readonly open: number;
  readonly due: number;
  readonly running: number;
  readonly oldest_due_at: string | null;
  readonly no_worker: boolean;
}
