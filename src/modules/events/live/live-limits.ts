/** Bounds of live streams, units last. */
export const liveLimits = {
  /** Of one process. */
  streams_max: 4_000,
  /** Of one organization in one process, so that one tenant can not take all. */
  organization_streams_max: 2_000,
  /** Waiting for one reader; beyond it the stream is ended, so that a slow reader costs no memory. */
  buffer_bytes_max: 512 * 1024,
  /** Told to everybody before sockets get their turn. */
  burst_bytes: 64 * 1024,
  /** How long a reader that resumes may take before it takes any more of what it has missed. */
  stalled_ms_max: 30_000,
  /** What was told last is kept for those who join: one who is behind by more reads the table. */
  recent_events_max: 500,
  page_events_max: 200,
  /** Pages of those who resume that are read at once, all streams together. */
  resuming_reads_max: 4,
  heartbeat_ms: 15_000,
  /** What a client is told to wait before it comes again. */
  reconnect_ms: 1_000,
  /** Looking again after new events, at most this often. */
  read_interval_ms_min: 20,
  /** While events are held back by a transaction that goes on: from the interval above up to this. */
  held_back_ms_max: 1_000,
  /** Without any hint. A lost one costs this much, and where no hints come from other processes it is all there is. */
  poll_ms: 5_000,
  poll_ms_unhinted: 1_000,
  failed_read_ms: 1_000,
  /**
   * Credentials are looked at again after the first; a stream that nobody vouched for within the second is ended. A key
   * is remembered for a second, so revocation holds within the 5 s that are promised.
   */
  verify_after_ms: 1_500,
  unverified_ms_max: 3_900,
  sweep_ms: 500,
  /** How long an ended stream has for its last bytes. */
  ending_ms: 5_000,
} as const;
