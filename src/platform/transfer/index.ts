/** Moving data: copies between engines, backups, one organization. */

export { archiveErrors } from './archive-errors.ts';
export { type ArchiveKey, readHeader } from './archive-file.ts';
export {
  type BackupInfo,
  type CreateBackupOptions,
  type CreatedBackup,
  createBackup,
  listBackups,
  type RestoreOptions,
  restoreBackup,
  verifyBackup,
} from './backup.ts';
export { type CopyOptions, copyDatabase, type MigrateTargetOptions, migrateWhereEmpty } from './copy.ts';
export { transferErrors } from './errors.ts';
export { type ComparedTable, type LoadOptions, type LoadResult, loadInto, type TransferEvent } from './load.ts';
export { organizationErrors } from './organization-errors.ts';
export { type Exported, type ExportOptions, exportOrganization } from './organization-export.ts';
export type { OrganizationManifest, OrganizationRecords, Person } from './organization-file.ts';
export { type Imported, type ImportOptions, importOrganization } from './organization-import.ts';
export type { TableHash } from './rows.ts';
export { transfer_setting } from './shape.ts';
export { openDatabaseSource, type TransferSource } from './source.ts';
export { readMasterKeyAsOwner, refuseUnfinished } from './unfinished.ts';
