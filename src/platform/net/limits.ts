export const outboundLimits = {
  timeout_ms_default: 10_000,
  timeout_ms_max: 600_000,
  /** Without a byte for this long (at most twice this) a request is given up. */
  idle_ms_default: 30_000,
  connect_ms: 5000,
  request_bytes_max: 32 * 1024 * 1024,
  response_bytes_default: 1024 * 1024,
  response_bytes_max: 64 * 1024 * 1024,
  addresses_checked_max: 64,
  addresses_tried_max: 4,
  sockets_per_origin_max: 32,
  sockets_max: 256,
  /** Kept while nobody uses them; the rest of `sockets_max` is there for origins that were not called yet. */
  sockets_idle_max: 128,
  /** Streams last, so they have connections of their own, and more of them. */
  stream_sockets_per_origin_max: 1024,
  stream_sockets_max: 2048,
  /** Shorter than the five seconds most servers keep a connection, so that it is seldom closed as we write. */
  kept_alive_ms: 4000,
} as const;
