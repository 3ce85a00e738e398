export {
  ACTIVITY_SUMMARY_CHARS_MAX,
  type Activity,
  listActivities,
  type NewActivity,
  recordActivity,
} from './activity.ts';
export { type AuditEntry, type AuditFilter, listAuditEntries } from './audit-log.ts';
export { auditModule } from './module.ts';
export { type InclusionProof, proveInclusion, sealAll, sealOrganization } from './seals.ts';
export { type Verification, verifyAuditLog } from './verify.ts';
