import { limits } from '../../platform/core/limits.ts';

/** Bounds of the events module, units last. */
export const eventLimits = {
  payload_bytes: limits.webhook_body_bytes,
  json_depth: limits.json_depth,
  /** Characters of one number; a double needs 17 digits, the longest exact one 767. */
  json_number_chars: 800,
  /** Either side of now (Standard Webhooks, Slack). */
  timestamp_tolerance_seconds: 300,
  /** Characters of a delivery id; long ids would be refused by the unique index of the deduplication table. */
  delivery_id_chars: 200,
  kind_chars: 100,
  /** Signatures in one Standard Webhooks header that are looked at; a rotation needs two. */
  signatures_max: 10,
  secret_bytes_min: 16,
  secret_bytes_max: 512,
  filter_depth: 16,
  filter_nodes: 200,
  filter_text_chars: 10_000,
  filter_string_chars: 500,
  filter_list_items: 100,
  filter_path_segments: 16,
  filter_segment_chars: 200,
  filter_index_max: 999_999,
  /**
   * Characters (code points) of a text that `contains` searches, and of what it looks for; beyond them the answer is
   * unknown. PostgreSQL's search can take the product of both (4 ms for these two, measured), so their number is bounded too.
   */
  filter_search_chars: 65_536,
  filter_search_part_chars: 200,
  filter_searches: 20,
  name_pattern_chars: 200,
  subscription_names_max: 100,
  subscriptions_max: 1000,
  batch_count_max: 500,
  batch_seconds_max: 86_400,
  /** A sender's time is kept within these of now; further out there are no partitions. */
  claimed_months_back: 13,
  claimed_hours_ahead: 24,
  /** One statement's worth: larger ones gain nothing, and hold the connection. A larger single event goes alone. */
  batch_events_max: 500,
  batch_bytes_max: 4 * 1024 * 1024,
  /** Batches written at once, all sources together; a second one keeps the database busy while answers go out. */
  batch_slots: 2,
  /** Received and not yet written; the next is told to come again. */
  waiting_events_max: 10_000,
  /** Bodies of webhooks in memory at once, by what their senders announce. */
  hook_bytes_in_flight_max: 256 * 1024 * 1024,
  /** How long a changed or switched off source may still receive in another process. */
  source_cache_ms: 1_000,
  source_cache_entries_max: 10_000,
  /** Addresses and tokens whose rate is watched; the one unused longest is forgotten. */
  rate_keys_max: 10_000,
  api_events_max: 1000,
  /** Lines of one NDJSON body, and bytes of one. */
  api_lines_max: 10_000,
  api_body_bytes: 10 * 1024 * 1024,
  /** Of the words and of the JSON that a search looks for. */
  search_chars: 500,
  contains_chars: 4_000,
  event_types_max: 1000,
  /** The longest that events are kept at all: their partitions are dropped then. */
  retention_days_max: 760,
  /** Checks of payloads against schemas in one batch of matching; a single one is bounded by itself. */
  schema_checks_ms_max: 2_000,
  rotation_overlap_hours_max: 30 * 24,
  /** Events matched in one transaction, and bytes of their payloads. */
  matched_events_max: 200,
  matched_bytes_max: 16 * 1024 * 1024,
} as const;

/** Rates a second and bursts of webhooks; all in process, so they protect a process and are no contract. */
export const hookRates = {
  /** Generous: senders have few addresses for all their customers. */
  address: { per_second: 20_000, burst: 40_000 },
  token: { per_second: 5_000, burst: 10_000 },
  /** Tokens we do not know, by address: each costs a query. */
  unknown_token: { per_second: 5, burst: 100 },
  /** Bodies that are not signed right, by source and address, so that nobody can lock a sender out. */
  bad_signature: { per_second: 5, burst: 100 },
  /** Security events a source may cause. */
  security_event: { per_second: 1 / 60, burst: 3 },
} as const;
