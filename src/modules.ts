/** The product's table of contents: every module, in the order of dependency. */
import { analysisModule } from './modules/analysis/module.ts';
import { auditModule } from './modules/audit/module.ts';
import { deliveriesModule } from './modules/deliveries/module.ts';
import { eventsModule } from './modules/events/module.ts';
import { gatewayModule } from './modules/gateway/module.ts';
import { notificationsModule } from './modules/notifications/module.ts';
import { projectsModule } from './modules/projects/module.ts';
import { tasksModule } from './modules/tasks/module.ts';
import { tenancyModule } from './modules/tenancy/module.ts';
import { workflowsModule } from './modules/workflows/module.ts';
import type { ModuleDefinition } from './platform/module.ts';
import { platformModule } from './platform/platform-module.ts';

export const modules: readonly ModuleDefinition[] = [
  platformModule,
  auditModule,
  tenancyModule,
  projectsModule,
  tasksModule,
  workflowsModule,
  eventsModule,
  deliveriesModule,
  analysisModule,
  notificationsModule,
  gatewayModule,
];
