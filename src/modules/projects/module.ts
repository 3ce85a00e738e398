import type { ModuleDefinition } from '../../platform/module.ts';

export const projectsModule: ModuleDefinition = {
  name: 'projects',
  description: '',
  dependsOn: ['tenancy'],
  migrations: new URL('./migrations/', import.meta.url),
};
