/** Bounds of what attempts log, units last. */
export const outputLimits = {
  log_data_bytes: 64 * 1024,
  log_data_depth: 32,
  /** Lines an attempt may log at once, and each second after that. */
  log_burst_lines: 1_000,
  log_lines_per_second: 100,
  log_lines_per_attempt: 50_000,
  log_bytes_per_attempt: 20 * 1024 * 1024,
  progress_message_chars: 500,
  flush_after_ms: 200,
  flush_lines_max: 500,
  flush_bytes_max: 2 * 1024 * 1024,
  /** Held while the database does not answer; what comes on top is dropped and counted. */
  waiting_lines_max: 10_000,
  waiting_bytes_max: 32 * 1024 * 1024,
  tail_wait_seconds_max: 30,
  /** Readers that wait for lines at once in a process; more are answered without waiting. */
  tails_max: 200,
} as const;
