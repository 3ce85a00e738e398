import type { ModuleDefinition } from '../../platform/module.ts';

export const eventsModule: ModuleDefinition = {
  name: 'events',
  description: '',
  dependsOn: ['tasks'],
  migrations: new URL('./migrations/', import.meta.url),
};
