import type { ModuleDefinition, OrganizationRole } from '../../platform/module.ts';
import { eventHooks } from './actions.ts';
import { catalogue } from './catalogue.ts';
import { countingLoop } from './counts/count-hours.ts';
import { EventSettings, eventRetentionLoop } from './counts/retention.ts';
import { eventMetrics } from './metrics.ts';
import { matchingLoop } from './processing.ts';
import { allEventRoutes } from './routes.ts';

const everyone: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];
const writers: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'service'];
const admins: readonly OrganizationRole[] = ['owner', 'admin'];
const readable = {
  select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' },
} as const;

/** The typed columns of one sender's events. */
const sentColumns = {
  visibility: 'tenant',
  audit: 'self',
  requestVerbs: ['select'],
  partitionBy: 'occurred_at',
  retention: '25 months',
  rest: readable,
} as const;

export const eventsModule: ModuleDefinition = {
  name: 'events',
  description: 'What happened elsewhere, told by webhooks or with a key: stored once, and what it sets off.',
  dependsOn: ['platform', 'tenancy', 'projects', 'tasks', 'workflows'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    event_sources: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select'],
      secret: ['secret', 'previous_secret'],
      ownerColumn: 'created_by',
      rest: readable,
    },
    event_source_tokens: { visibility: 'auth', audit: 'action', requestVerbs: [] },
    events: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      retention: '25 months',
      rest: readable,
    },
    event_deduplication: { visibility: 'tenant', audit: 'self', requestVerbs: [] },
    github_events: sentColumns,
    linear_events: sentColumns,
    slack_events: sentColumns,
    deployment_events: sentColumns,
    event_type_catalogue: { visibility: 'catalogue', audit: 'action', requestVerbs: ['select'], rest: readable },
    event_types: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update'],
      ownerColumn: 'created_by',
      rest: readable,
    },
    event_subscriptions: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update'],
      ownerColumn: 'created_by',
      rest: readable,
    },
    event_aggregations: { visibility: 'tenant', audit: 'self', requestVerbs: ['select'], rest: readable },
    event_retention: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'delete'],
      ownerColumn: 'created_by',
      rest: readable,
    },
    event_dirty_hours: { visibility: 'tenant', audit: 'self', requestVerbs: [] },
    event_processing_logs: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select', 'insert'],
      partitionBy: 'occurred_at',
      retention: '13 months',
      rest: readable,
    },
  },
  views: { event_summary: readable, repository_activity: readable, processing_performance: readable },
  functions: {
    'ingest_events(uuid, uuid, text, jsonb)': { security: 'definer', callers: ['app'] },
    'seed_event_types(jsonb)': { security: 'definer', callers: ['worker'] },
    'search_events(uuid, text, jsonb, jsonb, integer)': { security: 'definer', callers: ['app'] },
    'event_words(uuid, text, text, text, text, text, text, text, jsonb, integer)': {
      security: 'invoker',
      callers: ['app', 'worker', 'definer'],
    },
    'event_document(uuid, jsonb, integer)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_source_by_token(uuid, bytea)': { security: 'definer', callers: ['app'] },
    'event_source_by_id(uuid, uuid)': { security: 'definer', callers: ['app'] },
    'event_sources_received(uuid, uuid[])': { security: 'definer', callers: ['app'] },
    'event_source_refusals(uuid, uuid, timestamp with time zone, integer)': { security: 'definer', callers: ['app'] },
    'create_event_source(uuid, jsonb, bytea)': { security: 'definer', callers: ['app'] },
    'rotate_event_source_secret(uuid, uuid, text, integer)': { security: 'definer', callers: ['app'] },
    'update_event_source(uuid, uuid, text, boolean)': { security: 'definer', callers: ['app'] },
    'delete_event_source(uuid, uuid)': { security: 'definer', callers: ['app'] },
    'organizations_with_pending_events(integer)': { security: 'definer', callers: ['worker'] },
    'lock_pending_events(uuid, integer, bigint)': { security: 'definer', callers: ['app'] },
    'event_payloads(uuid, uuid[], timestamp with time zone, timestamp with time zone)': {
      security: 'definer',
      callers: ['app'],
    },
    'finish_events(uuid, jsonb)': { security: 'definer', callers: ['app'] },
    'retry_event(uuid, uuid)': { security: 'definer', callers: ['app'] },
    'count_failed_events(integer)': { security: 'definer', callers: ['worker'] },
    'mark_event_hour()': { security: 'invoker', callers: [] },
    'organizations_with_dirty_event_hours(integer)': { security: 'definer', callers: ['worker'] },
    'recount_event_hour(uuid, timestamp with time zone)': { security: 'definer', callers: [] },
    'next_counted_organization(uuid)': { security: 'definer', callers: ['worker'] },
    'cleanup_old_events(uuid, timestamp with time zone, integer, integer)': {
      security: 'definer',
      callers: ['worker'],
    },
    'forget_event_keys(uuid, timestamp with time zone, integer)': { security: 'definer', callers: ['worker'] },
    'count_dirty_event_hours(uuid, integer)': { security: 'definer', callers: ['worker'] },
    'read_event_feed(uuid, text, uuid, integer)': { security: 'definer', callers: ['app'] },
    'event_filter_operand(jsonb, jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_filter_number(jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_filter_equal(jsonb, jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_filter_condition(jsonb, jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_filter_matches(jsonb, jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_name_matches(text[], text)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
  },
  permissions: {
    'events:read': { description: 'See events, their payloads and what they set off', roles: everyone },
    'events:write': {
      description: 'Send events, also as a test of a source, and retry those that failed',
      roles: writers,
    },
    'event_sources:read': { description: 'See event sources, without their secrets', roles: everyone },
    'event_sources:write': { description: 'Make, change and delete event sources and their secrets', roles: admins },
    'event_types:read': { description: 'See event types and the schemas of their payloads', roles: everyone },
    'event_types:write': { description: 'Make, change and delete event types', roles: admins },
    'event_retention:read': { description: 'See how long events are kept', roles: everyone },
    'event_retention:write': { description: 'Change how long events are kept', roles: admins },
    'event_subscriptions:read': { description: 'See event subscriptions', roles: everyone },
    'event_subscriptions:write': {
      description: 'Make, change and delete event subscriptions',
      roles: ['owner', 'admin', 'member'],
    },
  },
  hookPoints: Object.values(eventHooks),
  routes: allEventRoutes,
  loops: [matchingLoop, countingLoop, eventRetentionLoop],
  settings: EventSettings,
  metrics: eventMetrics,
  async seed({ door }) {
    const types = JSON.stringify(catalogue());
    await door.write({ as: 'worker' }, (tx) => tx.sql('select plinth.seed_event_types($1)', [types]));
  },
};
