import type { ModuleDefinition } from '../../platform/module.ts';

export const analysisModule: ModuleDefinition = {
  name: 'analysis',
  description: '',
  dependsOn: ['events'],
  migrations: new URL('./migrations/', import.meta.url),
};
