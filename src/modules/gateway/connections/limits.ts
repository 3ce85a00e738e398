/** Bounds of connections, aliases and policies, units last. */
export const connectionLimits = {
  connections_max: 200,
  aliases_max: 1_000,
  targets_max: 20,
  policies_max: 5_000,
  models_max: 500,
  headers_max: 20,
  key_chars_max: 4_096,
  /** Of a shorter key nothing is shown. */
  last4_key_chars_min: 12,
  test_timeout_ms: 15_000,
  test_answer_bytes_max: 1_024,
  /** How long what calls go by is remembered. */
  settings_ms: 1_000,
  settings_rows_max: 10_000,
  /** How old it may be where a policy lets calls through while the database can not be reached. */
  settings_stale_ms_max: 600_000,
} as const;
