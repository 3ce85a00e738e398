/** What other modules may use of notifications. */

export { notificationLimits } from './limits.ts';
export { cleanupOldNotifications } from './retention.ts';
