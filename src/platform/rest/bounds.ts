/** Ceilings of one REST query, so that no query string costs more than a screenful of SQL. */
export const bounds = {
  /** Parameters in one query string. */
  parameters_max: 200,
  /** Columns and embedded tables named in `select`, all levels together. */
  select_items_max: 200,
  /** Embedded tables, all levels together: each is a subquery a row. */
  embeds_max: 12,
  /** Tables inside tables: each level multiplies the rows of the one above. */
  embed_depth_max: 4,
  /** Filters, all levels together, those inside and/or counted one by one. */
  conditions_max: 100,
  /** and/or inside and/or. */
  logic_depth_max: 10,
  /** Subqueries of one statement: a filter on an embedded table repeats it, with the filters inside it. */
  subqueries_max: 100,
  order_terms_max: 20,
  /** Keys in one row of a body: PostgreSQL's tables have at most 1600 columns. */
  row_keys_max: 1600,
  json_path_steps_max: 16,
  /** Characters of a name; PostgreSQL keeps 63 bytes. */
  name_chars_max: 128,
  /** Characters of a pattern or a text search: some regular expressions take exponential time, nesting takes stack. */
  pattern_chars_max: 512,
  /** Characters of one parameter that an error repeats. */
  echo_chars_max: 60,
} as const;
