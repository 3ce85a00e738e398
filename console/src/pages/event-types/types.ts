/** What the organization says of events of a source and a name. */
export interface EventType {
  readonly source: string;
  readonly name: string;
  readonly category: string;
  readonly description: string;
  /** Counts the changes of the schema. */
  readonly schema_version: number;
  readonly payload_schema: unknown;
  readonly retention_days: number | null;
  readonly is_active: boolean;
}

/** What the program knows of events; the organization has said nothing of them. */
export type KnownType = Pick<EventType, 'source' | 'name' | 'category' | 'description' | 'payload_schema'>;

export const knownTypes = '/rest/v1/event_type_catalogue';
export const knownColumns = 'source,name,category,description,payload_schema';
export const touchedByTypes = ['/v1/event-types', '/rest/v1/event_types'];
export const retention_days_max = 760;

export const placeOf = ({ source, name }: Pick<EventType, 'source' | 'name'>): string =>
  `/event-types/${encodeURIComponent(source)}/${encodeURIComponent(name)}`;

/** The list of its events. Of a kind that is known, the action stands behind the name: issues.opened. */
export const eventsOf = ({ source, name }: Pick<EventType, 'source' | 'name'>, more: Record<string, string> = {}) =>
  `/events?${new URLSearchParams({ source, name, ...more })}`;
