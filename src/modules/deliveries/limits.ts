/** Bounds of deliveries, units last. */
export const deliveryLimits = {
  /** Seconds after an attempt until the next; with the first at once, ten attempts in a little over three days. */
  retry_schedule_seconds: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
  retry_schedule_items_max: 20,
  retry_delay_seconds_max: 7 * 86_400,
  jitter_percent_default: 10,
  timeout_ms_default: 15_000,
  timeout_ms_min: 1_000,
  timeout_ms_max: 60_000,
  concurrency_default: 10,
  concurrency_max: 100,
  rate_per_second_max: 10_000,
  endpoints_max: 10_000,
  customer_endpoints_max: 20,
  headers_max: 20,
  rotation_overlap_hours_max: 30 * 24,
  /** Requests under way in one process, and those of one organization among them. */
  sending_max: 256,
  organization_sending_max: 64,
  organizations_per_round_max: 100,
  /** Larger payloads are read one by one as they are sent. */
  claimed_payload_bytes_max: 64 * 1024,
  /** What is read of an answer, and kept of it. */
  answer_bytes_max: 16 * 1024,
  excerpt_chars_max: 1_000,
  /** Deliveries sent again by one call. */
  retried_max: 10_000,
  /** How long the requests under way may go on when the process stops. */
  drain_ms: 5_000,
  portal_minutes_default: 60,
  portal_minutes_max: 24 * 60,
} as const;
