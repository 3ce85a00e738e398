import { idempotencyLoop, partitionsLoop } from './maintenance.ts';
import type { ModuleDefinition } from './module.ts';

/** The ground's own tables, declared like any module's. It knows no domain noun but organization and user, as ids. */
export const platformModule: ModuleDefinition = {
  name: 'platform',
  description: 'Roles, request context, registry, audit log, settings, keys: what every module stands on.',
  dependsOn: [],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    registered_tables: { visibility: 'platform', audit: 'action', requestVerbs: [] },
    schema_migrations: { visibility: 'platform', audit: 'self', requestVerbs: [] },
    registered_functions: { visibility: 'platform', audit: 'action', requestVerbs: [] },
    audit_logs: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      rest: { select: { owner: 'any', admin: 'any' } },
    },
    audit_personal_values: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      personal: ['old_values', 'new_values'],
    },
    security_events: {
      visibility: 'platform',
      audit: 'self',
      requestVerbs: [],
      partitionBy: 'occurred_at',
      retention: '13 months',
    },
    error_logs: {
      visibility: 'platform',
      audit: 'self',
      requestVerbs: [],
      partitionBy: 'occurred_at',
      retention: '3 months',
    },
    system_settings: { visibility: 'platform', audit: 'action', requestVerbs: [] },
    encryption_keys: { visibility: 'auth', audit: 'action', requestVerbs: [] },
    idempotency_keys: { visibility: 'auth', audit: 'self', requestVerbs: [] },
  },
  functions: {
    'ensure_partitions(text, integer)': { security: 'owner', callers: ['worker'] },
    'drop_expired_partitions()': { security: 'owner', callers: ['worker'] },
    'default_partition_rows()': { security: 'owner', callers: ['worker'] },
    'audit_row()': { security: 'definer', callers: [] },
    'record_action(uuid, text, text, uuid, jsonb)': { security: 'definer', callers: ['app'] },
    'record_security_event(jsonb)': { security: 'definer', callers: ['app', 'worker'] },
    'record_error(jsonb)': { security: 'definer', callers: ['app', 'worker'] },
    'erase_audit_subject(uuid, uuid)': { security: 'definer', callers: ['app'] },
    'get_system_setting(text)': { security: 'definer', callers: ['app', 'worker'] },
    'init_system_setting(text, jsonb)': { security: 'definer', callers: ['worker'] },
    'add_encryption_key(uuid, uuid, bytea, text)': { security: 'definer', callers: ['worker'] },
    'get_encryption_keys(uuid)': { security: 'definer', callers: ['worker'] },
    'claim_idempotency_key(uuid, text, text, bytea, integer)': { security: 'definer', callers: ['app'] },
    'save_idempotent_response(uuid, text, text, integer, text)': { security: 'definer', callers: ['app'] },
    'delete_expired_idempotency_keys(timestamp with time zone, integer)': { security: 'definer', callers: ['worker'] },
  },
  loops: [partitionsLoop, idempotencyLoop],
};
