import type { ModuleDefinition, OrganizationRole } from '../../platform/module.ts';
import { eventHooks } from '../events/index.ts';
import { batchesLoop, collectHook } from './batches.ts';
import { deliveryMetrics } from './metrics.ts';
import { checkTargetHook, deliverHook } from './queue.ts';
import { deliveryRoutes } from './routes.ts';
import { deliveriesLoop } from './send.ts';

const everyone: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];
const readable = {
  select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' },
} as const;

export const deliveriesModule: ModuleDefinition = {
  name: 'deliveries',
  description: 'Webhooks to others: signed, tried again for days, with a log, limits and a portal for customers.',
  dependsOn: ['events', 'tasks'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    event_endpoints: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select'],
      secret: ['secret', 'previous_secret', 'headers'],
      ownerColumn: 'created_by',
      rest: readable,
    },
    endpoint_states: { visibility: 'tenant', audit: 'action', requestVerbs: ['select'], rest: readable },
    subscription_batches: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select'],
    },
    event_deliveries: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      retention: '13 months',
      rest: readable,
    },
    event_delivery_attempts: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      retention: '13 months',
      rest: readable,
    },
  },
  functions: {
    'create_event_endpoint(uuid, jsonb)': { security: 'definer', callers: ['app'] },
    'update_event_endpoint(uuid, uuid, jsonb)': { security: 'definer', callers: ['app'] },
    'rotate_event_endpoint_secret(uuid, uuid, text, timestamp with time zone)': {
      security: 'definer',
      callers: ['app'],
    },
    'switch_event_endpoint(uuid, uuid, text, boolean, timestamp with time zone)': {
      security: 'definer',
      callers: ['app'],
    },
    'make_event_deliveries(uuid, jsonb, timestamp with time zone)': { security: 'definer', callers: ['app'] },
    'organizations_with_due_deliveries(timestamp with time zone, integer)': {
      security: 'definer',
      callers: ['worker'],
    },
    'add_to_batch(uuid, uuid, jsonb, timestamp with time zone, integer)': { security: 'definer', callers: ['app'] },
    'take_due_batches(uuid, timestamp with time zone, integer)': { security: 'definer', callers: ['app'] },
    'due_batches(timestamp with time zone, integer)': { security: 'definer', callers: ['worker'] },
    'next_batch_due()': { security: 'definer', callers: ['worker'] },
    'next_delivery_due()': { security: 'definer', callers: ['worker'] },
    'release_late_deliveries(uuid, uuid, timestamp with time zone, boolean, integer)': {
      security: 'definer',
      callers: [],
    },
    'release_next_in_order(uuid, uuid, text[], timestamp with time zone)': { security: 'definer', callers: [] },
    'claim_event_deliveries(uuid, uuid, timestamp with time zone, integer, integer)': {
      security: 'definer',
      callers: ['app'],
    },
    'finish_event_deliveries(uuid, uuid, jsonb, timestamp with time zone)': { security: 'definer', callers: ['app'] },
    'retry_event_deliveries(uuid, jsonb, integer, timestamp with time zone)': { security: 'definer', callers: ['app'] },
    'count_dead_event_deliveries(integer)': { security: 'definer', callers: ['worker'] },
  },
  permissions: {
    'event_endpoints:read': {
      description: 'See event endpoints and how they fare, without their secrets',
      roles: everyone,
    },
    'event_endpoints:write': {
      description: 'Make, change, test and delete event endpoints and their secrets, and links to the portal',
      roles: ['owner', 'admin', 'service'],
    },
    'event_deliveries:read': { description: 'See deliveries, their attempts and what was answered', roles: everyone },
    'event_deliveries:write': {
      description: 'Send deliveries again',
      roles: ['owner', 'admin', 'member', 'service'],
    },
  },
  hooks: {
    [eventHooks.deliver.name]: deliverHook,
    [eventHooks.collect.name]: collectHook,
    [eventHooks.checkTarget.name]: checkTargetHook,
  },
  routes: deliveryRoutes,
  loops: [deliveriesLoop, batchesLoop],
  metrics: deliveryMetrics,
};
