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
} as const;
