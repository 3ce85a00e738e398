import type { RouteRegistrar } from '../../platform/http/route.ts';
import type { ModuleDefinition } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';

/** What a folder of this module brings to its declaration. */
export interface GatewayPart
  extends Pick<ModuleDefinition, 'tables' | 'views' | 'functions' | 'permissions' | 'tasks' | 'loops' | 'checks'> {
  readonly routes?: (routes: RouteRegistrar, platform: Platform) => void;
  readonly seed?: (platform: Platform) => Promise<void>;
}
