/** Bounds of workers outside the server, units last. */
export const externalLimits = {
  /** What a silent worker holds runs elsewhere after so long, unless it asked for another time when it registered. */
  lease_seconds_default: 15,
  lease_seconds_min: 5,
  lease_seconds_max: 300,
  /** Signs of life in the time of a lease. */
  heartbeats_per_lease: 5,
  types_max: 100,
  /** Tasks in one call. */
  tasks_max: 100,
  /** Payloads of one claim together; what does not fit goes back, but for the first. */
  claim_bytes_max: 8 * 1024 * 1024,
  /** A call that answers several tasks, each with a result of at most 1 MB. */
  body_bytes: 4 * 1024 * 1024,
  wait_seconds_max: 30,
  /** Claims that wait in a process, and of one organization. */
  waiting_max: 2_000,
  waiting_per_organization_max: 200,
  /** Live workers of an organization. */
  workers_max: 1_000,
  /** What a worker that is not stopping by itself has after a task's time is up, before the task is taken from it. */
  timeout_grace_seconds: 10,
  lines_per_call_max: 500,
  /** Attempts whose logs are counted at once in a process. */
  counted_logs_max: 5_000,
} as const;
