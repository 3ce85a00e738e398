import type { ModuleDefinition } from '../../platform/module.ts';

export const tenancyModule: ModuleDefinition = {
  name: 'tenancy',
  description: '',
  dependsOn: ['audit'],
  migrations: new URL('./migrations/', import.meta.url),
};
