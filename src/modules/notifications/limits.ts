/** Bounds of notifications, units last. */
export const notificationLimits = {
  title_chars: 200,
  body_chars: 2_000,
  /** Of one value that a template takes from an event. */
  value_chars: 500,
  /** Told of one event by one subscription; who has been a member longest comes first. */
  members_max: 1_000,
  /** Counting stops here: more is "1000 or more" to whoever looks. */
  unread_counted_max: 1_000,
  keep_days_max: 760,
  keep_days_default: 90,
} as const;
