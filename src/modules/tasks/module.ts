import type { ModuleDefinition } from '../../platform/module.ts';
import { usageRoutes } from './commands/routes.ts';
import { definitionRoutes } from './definitions/routes.ts';
import { taskHooks } from './enqueue.ts';
import { externalRoutes } from './external/routes.ts';
import { queueImported } from './imported.ts';
import { limitRoutes } from './limits/routes.ts';
import { taskMetrics } from './metrics.ts';
import { outputRoutes } from './output/routes.ts';
import { taskRoutes } from './routes.ts';
import { schedulesLoop } from './schedules/fire.ts';
import { scheduleRoutes } from './schedules/routes.ts';
import { retentionLoop } from './statistics/retention.ts';
import { statisticsRoutes } from './statistics/routes.ts';

export const tasksModule: ModuleDefinition = {
  name: 'tasks',
  description: 'Work that is done later, once or again, by workers that may die.',
  dependsOn: ['platform', 'audit', 'tenancy', 'projects'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    task_definitions: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update'],
      ownerColumn: 'created_by',
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    schedules: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update'],
      ownerColumn: 'created_by',
      unaudited: ['next_run_at', 'last_run_at'],
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    schedule_firings: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select', 'insert'],
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    task_limits: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    task_rates: { visibility: 'tenant', audit: 'self', requestVerbs: ['select'] },
    task_key_turns: { visibility: 'tenant', audit: 'self', requestVerbs: ['select'] },
    tasks: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select'],
      ownerColumn: 'created_by',
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    task_queue: { visibility: 'tenant', audit: 'self', requestVerbs: ['select'] },
    task_timers: { visibility: 'tenant', audit: 'self', requestVerbs: ['select'] },
    task_dependencies: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select'],
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    external_workers: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    task_waiters: { visibility: 'tenant', audit: 'action', requestVerbs: ['select'] },
    workers: { visibility: 'platform', audit: 'action', requestVerbs: [] },
    task_outcome_counts: { visibility: 'platform', audit: 'action', requestVerbs: [] },
    task_leases: { visibility: 'platform', audit: 'self', requestVerbs: [] },
    task_execution_logs: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      retention: '3 months',
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    task_progress: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    task_resource_usage: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'measured_at',
      retention: '13 months',
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
    task_attempts: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      retention: '13 months',
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
  },
  functions: {
    'enqueue_tasks(uuid, jsonb)': { security: 'definer', callers: ['app'] },
    'task_by_idempotency_key(uuid, text, text)': { security: 'definer', callers: ['app'] },
    'oldest_priority(text, uuid, text)': { security: 'definer', callers: [] },
    'due_places(text[], integer, uuid[], boolean, timestamp with time zone[])': { security: 'definer', callers: [] },
    'claim_tasks(uuid, uuid, text[], integer, numeric, uuid[], boolean, integer, uuid[], timestamp with time zone[])': {
      security: 'definer',
      callers: ['worker'],
    },
    'held_slots()': { security: 'definer', callers: [] },
    'note_claimed(uuid, text, integer)': { security: 'definer', callers: [] },
    'renew_rates(timestamp with time zone)': { security: 'definer', callers: [] },
    'room_of_keys(uuid[], text[], integer[], plinth.task_queue[], integer, integer)': {
      security: 'definer',
      callers: [],
    },
    'claim_keys_of_tenants(text, uuid[], integer, boolean, plinth.task_queue[])': { security: 'definer', callers: [] },
    'wait_for_keys(uuid)': { security: 'definer', callers: [] },
    'claim_keyed_tasks(text[], integer, uuid[], boolean)': { security: 'definer', callers: [] },
    'claim_keyed_tasks_by_tenant(text[], integer, uuid, boolean)': { security: 'definer', callers: [] },
    'task_key_use(uuid, text)': { security: 'definer', callers: ['app'] },
    'release_items(uuid, uuid, uuid[])': { security: 'definer', callers: [] },
    'complete_tasks(uuid, uuid, uuid[], integer[], jsonb)': { security: 'definer', callers: ['worker'] },
    'claim_tasks_by_tenant(uuid, uuid, text[], integer, numeric, uuid[], boolean, integer, uuid[])': {
      security: 'definer',
      callers: ['worker'],
    },
    'promote_due_tasks_by_tenant(integer)': { security: 'definer', callers: ['worker'] },
    'complete_tasks_by_tenant(uuid, uuid, uuid[], integer[], jsonb)': { security: 'definer', callers: ['worker'] },
    'fail_attempt(uuid, uuid, integer, uuid, text, jsonb, integer, timestamp with time zone, timestamp with time zone)':
      {
        security: 'definer',
        callers: [],
      },
    'fail_tasks(uuid, uuid, uuid[], jsonb[])': { security: 'definer', callers: ['worker'] },
    'promote_due_tasks(integer)': { security: 'definer', callers: ['worker'] },
    'heartbeat(uuid, uuid[], numeric)': { security: 'definer', callers: ['worker'] },
    'recover_expired_leases(integer)': { security: 'definer', callers: ['worker'] },
    'return_tasks(uuid, uuid, uuid[])': { security: 'definer', callers: ['worker'] },
    'suspend_tasks(uuid, uuid, uuid[], timestamp with time zone[])': { security: 'definer', callers: ['worker'] },
    'wake_tasks(uuid, uuid[])': { security: 'definer', callers: [] },
    'wake_waiters(uuid, uuid[])': { security: 'definer', callers: [] },
    'wake_task(uuid, uuid)': { security: 'definer', callers: ['app'] },
    'await_tasks(uuid, uuid, uuid[])': { security: 'definer', callers: ['app'] },
    'is_task_held(uuid, uuid, uuid)': { security: 'definer', callers: ['app'] },
    'settle_failed(uuid[], uuid[])': { security: 'definer', callers: [] },
    'cancel_tasks(uuid, uuid[], text)': { security: 'definer', callers: [] },
    'retry_tasks(uuid, uuid[])': { security: 'definer', callers: [] },
    'dependency_met(text, text)': { security: 'invoker', callers: ['app', 'worker', 'readonly', 'definer'] },
    'queue_tasks(uuid, uuid[], timestamp with time zone)': { security: 'definer', callers: [] },
    'doomed_tasks(uuid, uuid[])': { security: 'definer', callers: [] },
    'settle_dependants(uuid, uuid[], text[], uuid[])': { security: 'definer', callers: [] },
    'link_new_tasks(uuid, uuid[], boolean[], jsonb)': { security: 'definer', callers: [] },
    'add_task_dependencies(uuid, uuid, jsonb)': { security: 'definer', callers: ['app'] },
    'remove_task_dependency(uuid, uuid, uuid)': { security: 'definer', callers: ['app'] },
    'settle_deleted_task()': { security: 'owner', callers: [] },
    'are_task_dependencies_satisfied(uuid)': { security: 'invoker', callers: ['app', 'readonly'] },
    'pause_tasks(uuid, uuid[])': { security: 'definer', callers: [] },
    'resume_tasks(uuid, uuid[])': { security: 'definer', callers: [] },
    'change_tasks(uuid, text, jsonb, text, uuid, integer)': { security: 'definer', callers: ['app'] },
    'hold_task(uuid, uuid, text)': { security: 'definer', callers: ['app'] },
    'cancel_task(uuid, uuid, text)': { security: 'definer', callers: ['app'] },
    'retry_task(uuid, uuid)': { security: 'definer', callers: ['app'] },
    'register_external_worker(uuid, uuid, uuid, text, text[], integer, integer)': {
      security: 'definer',
      callers: ['app'],
    },
    'see_external_worker(uuid, uuid, uuid, boolean)': { security: 'definer', callers: ['app'] },
    'due_for_external(uuid[], text[])': { security: 'definer', callers: ['worker'] },
    'take_plain_tasks(uuid, text[], integer, boolean)': { security: 'definer', callers: [] },
    'take_keyed_tasks(uuid, text[], integer, boolean)': { security: 'definer', callers: [] },
    'take_keyed_tasks_by_tenant(uuid, text[], integer, boolean)': { security: 'definer', callers: [] },
    'claim_external_tasks(uuid, uuid, text[], integer, boolean, boolean, boolean)': {
      security: 'definer',
      callers: ['worker'],
    },
    'held_by_external(uuid, uuid, uuid[])': { security: 'definer', callers: ['worker'] },
    'register_worker(uuid, text, integer, text, text[])': { security: 'definer', callers: ['worker'] },
    'stop_worker(uuid)': { security: 'definer', callers: ['worker'] },
    'task_retry_policies(uuid[], uuid[])': { security: 'definer', callers: ['worker'] },
    'keep_definition_version()': { security: 'invoker', callers: [] },
    'due_schedules(timestamp with time zone, integer)': { security: 'definer', callers: ['worker'] },
    'next_schedule_at()': { security: 'definer', callers: ['worker'] },
    'record_task_output(jsonb, jsonb)': { security: 'definer', callers: ['worker'] },
    'record_task_usage(uuid, uuid, integer, jsonb)': { security: 'definer', callers: ['worker'] },
    'live_task_types(uuid, text[], timestamp with time zone)': { security: 'definer', callers: ['app'] },
    'organizations_with_ended_tasks(timestamp with time zone)': { security: 'owner', callers: ['worker'] },
    'forget_ended_tasks(uuid, timestamp with time zone, integer)': { security: 'owner', callers: ['worker'] },
    'forget_schedule_firings(timestamp with time zone, integer)': { security: 'owner', callers: ['worker'] },
    'forget_task_rates(integer)': { security: 'owner', callers: ['worker'] },
    'task_engine_state()': { security: 'definer', callers: ['worker'] },
    'count_failed_tasks(integer)': { security: 'definer', callers: ['worker'] },
    'count_task_outcomes(jsonb)': { security: 'definer', callers: ['worker'] },
    'task_outcomes()': { security: 'definer', callers: ['worker'] },
  },
  permissions: {
    'tasks:read': {
      description: 'See tasks and their attempts',
      roles: ['owner', 'admin', 'member', 'viewer', 'service'],
    },
    'task_definitions:write': {
      description: 'Make, change and delete task definitions',
      roles: ['owner', 'admin', 'member'],
    },
    'schedules:write': {
      description: 'Make, change, run and delete schedules',
      roles: ['owner', 'admin', 'member'],
    },
    'task_limits:write': {
      description: 'Limit how many tasks with a key run at once, or in a time',
      roles: ['owner', 'admin'],
    },
    'tasks:work': {
      description: 'Run tasks as a worker outside the server, by an API key',
      roles: ['owner', 'admin', 'member', 'service'],
      narrowedBy: 'task type',
    },
    'tasks:write': { description: 'Enqueue, cancel and retry tasks', roles: ['owner', 'admin', 'member', 'service'] },
  },
  hookPoints: [taskHooks.enqueue, taskHooks.retry],
  routes(routes, platform) {
    taskRoutes(routes, platform);
    definitionRoutes(routes, platform);
    scheduleRoutes(routes, platform);
    limitRoutes(routes, platform);
    outputRoutes(routes, platform);
    usageRoutes(routes);
    statisticsRoutes(routes, platform);
    externalRoutes(routes, platform);
  },
  loops: [schedulesLoop, retentionLoop],
  metrics: taskMetrics,
  afterImport: queueImported,
};
