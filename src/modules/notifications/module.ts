import type { ModuleDefinition, OrganizationRole } from '../../platform/module.ts';
import { eventHooks } from '../events/index.ts';
import { checkNotificationHook, notifyHook } from './notify.ts';
import { NotificationSettings, notificationRetentionLoop } from './retention.ts';
import { notificationRoutes } from './routes.ts';

const people: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'viewer'];

export const notificationsModule: ModuleDefinition = {
  name: 'notifications',
  description: 'What members are told of: a row for each person, made by subscriptions to events.',
  dependsOn: ['tenancy', 'events'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    notifications: {
      visibility: 'private',
      audit: 'action',
      requestVerbs: ['select', 'update'],
      ownerColumn: 'user_id',
    },
  },
  functions: {
    'make_notifications(uuid, jsonb, timestamp with time zone, integer)': { security: 'definer', callers: ['app'] },
    'organizations_with_old_notifications(timestamp with time zone, integer)': {
      security: 'definer',
      callers: ['worker'],
    },
    'cleanup_old_notifications(uuid, timestamp with time zone, integer)': { security: 'definer', callers: ['worker'] },
  },
  permissions: {
    'notifications:read': { description: 'See your own notifications', roles: people },
    'notifications:write': { description: 'Mark your own notifications as read', roles: people },
  },
  hooks: {
    [eventHooks.notify.name]: notifyHook,
    [eventHooks.checkNotification.name]: checkNotificationHook,
  },
  routes: notificationRoutes,
  loops: [notificationRetentionLoop],
  settings: NotificationSettings,
};
