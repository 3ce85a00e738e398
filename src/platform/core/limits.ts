/** Every bound in one place, units last. What an operator may change is in the configuration; these are the ceilings. */
export const limits = {
  /** Bytes of a JSON body on ordinary routes; bulk and webhook routes name their own. */
  body_bytes: 1024 * 1024,
  /** GitHub sends payloads of up to 25 MB. */
  webhook_body_bytes: 25 * 1024 * 1024,
  /** Levels of nesting in any JSON that reaches the database. PGlite loses its instance without an error at 10,000. */
  json_depth: 100,
  /** Characters of a URL, query string included. */
  url_chars: 8 * 1024,
  page_rows_default: 50,
  page_rows_max: 1000,
  /** Values in one `in.(…)` list. */
  filter_values_max: 1000,
  /** Rows in one bulk insert through the REST layer. */
  bulk_rows_max: 10_000,
  request_timeout_ms: 30_000,
  statement_timeout_ms: 15_000,
  idempotency_key_chars: 255,
  idempotency_hours: 24,
} as const;
