/** The loop that finds calls whose process has died, and what wakes it. */
export const lost_calls_loop = 'gateway-lost-calls';

/** Bounds of calls, units last. */
export const callLimits = {
  /** Pictures and documents travel inside. */
  body_bytes_max: 32 * 1024 * 1024,
  /** Of all bodies that are being read at one time. */
  bodies_bytes_max: 256 * 1024 * 1024,
  answer_bytes_max: 64 * 1024 * 1024,
  /** One event of a stream. */
  event_bytes_max: 16 * 1024 * 1024,
  timeout_ms: 600_000,
  /** Without a byte of the provider. */
  idle_ms: 180_000,
  /** How often one target is asked before the next is, and all of them together. */
  attempts_per_target_max: 2,
  attempts_max: 6,
  backoff_ms: 250,
  /** A longer Retry-After is the client's to wait for. */
  retry_after_ms_max: 2_000,
  /** Failures in a row after which a connection is left alone, first for so long, at most for so long. */
  circuit_failures: 5,
  circuit_open_ms: 5_000,
  circuit_open_ms_max: 60_000,
  circuits_max: 10_000,
  /** How long a call is taken for alive without a word of its process; it says so three times as often. */
  lease_ms: 60_000,
  lost_batch: 200,
  lost_organizations: 100,
  lost_interval_ms: 15_000,
  /** Of each of request and answer. */
  content_chars_max: 256 * 1024,
  error_body_chars_max: 16 * 1024,
  projects_ms: 1_000,
  projects_max: 10_000,
  /** A settlement that the database does not take is tried again so often. */
  settle_attempts: 8,
  settle_again_ms: 250,
  settle_again_ms_max: 30_000,
  /** Settlements that wait for the database; the next calls are refused. */
  settling_max: 10_000,
  /** How long one who was let in is remembered, for policies that let calls through without the database. */
  actor_ms_max: 600_000,
  actors_max: 10_000,
} as const;
