import type { ModuleDefinition, OrganizationRole } from '../../platform/module.ts';
import { eventMetrics } from './metrics.ts';
import { matchingLoop } from './processing.ts';
import { allEventRoutes } from './routes.ts';

const everyone: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];
const writers: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'service'];
const admins: readonly OrganizationRole[] = ['owner', 'admin'];
const readable = {
  select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' },
} as const;

export const eventsModule: ModuleDefinition = {
  name: 'events',
  description: 'What happened elsewhere, told by webhooks or with a key: stored once, and what it sets off.',
  dependsOn: ['platform', 'tenancy', 'projects', 'tasks'],
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
    github_events: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      retention: '25 months',
      rest: readable,
    },
    event_subscriptions: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update'],
      ownerColumn: 'created_by',
      rest: readable,
    },
    event_processing_logs: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select', 'insert'],
      partitionBy: 'occurred_at',
      retention: '13 months',
      rest: readable,
    },
  },
  functions: {
    'ingest_events(uuid, uuid, text, jsonb)': { security: 'definer', callers: ['app'] },
    'event_source_by_token(uuid, bytea)': { security: 'definer', callers: ['app'] },
    'create_event_source(uuid, jsonb, bytea)': { security: 'definer', callers: ['app'] },
    'rotate_event_source_secret(uuid, uuid, text, integer)': { security: 'definer', callers: ['app'] },
    'update_event_source(uuid, uuid, text, boolean)': { security: 'definer', callers: ['app'] },
    'delete_event_source(uuid, uuid)': { security: 'definer', callers: ['app'] },
    'organizations_with_pending_events(integer)': { security: 'definer', callers: ['worker'] },
    'lock_pending_events(uuid, integer, bigint)': { security: 'definer', callers: ['app'] },
    'finish_events(uuid, jsonb)': { security: 'definer', callers: ['app'] },
    'retry_event(uuid, uuid)': { security: 'definer', callers: ['app'] },
    'count_failed_events(integer)': { security: 'definer', callers: ['worker'] },
    'event_filter_operand(jsonb, jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_filter_number(jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_filter_equal(jsonb, jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_filter_condition(jsonb, jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_filter_matches(jsonb, jsonb)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
    'event_name_matches(text[], text)': { security: 'invoker', callers: ['app', 'worker', 'definer'] },
  },
  permissions: {
    'events:read': { description: 'See events, their payloads and what they set off', roles: everyone },
    'events:write': { description: 'Send events, and retry those that failed', roles: writers },
    'event_sources:read': { description: 'See event sources, without their secrets', roles: everyone },
    'event_sources:write': { description: 'Make, change and delete event sources and their secrets', roles: admins },
    'event_subscriptions:read': { description: 'See event subscriptions', roles: everyone },
    'event_subscriptions:write': {
      description: 'Make, change and delete event subscriptions',
      roles: ['owner', 'admin', 'member'],
    },
  },
  routes: allEventRoutes,
  loops: [matchingLoop],
  metrics: eventMetrics,
};
