import type { ModuleDefinition } from '../../platform/module.ts';

export const auditModule: ModuleDefinition = {
  name: 'audit',
  description: '',
  dependsOn: ['platform'],
  migrations: new URL('./migrations/', import.meta.url),
};
