import { makeFailureThrottle } from '../../platform/http/throttle.ts';
import type { ModuleDefinition, OrganizationRole } from '../../platform/module.ts';
import { makeAccess } from './access.ts';
import { registerAccountRoutes } from './account-routes.ts';
import { registerApiKeyRoutes } from './api-key-routes.ts';
import { functions } from './functions.ts';
import { registerIdentityRoutes } from './identity-routes.ts';
import { registerInvitationRoutes } from './invitation-routes.ts';
import { tenancyMaintenance } from './maintenance.ts';
import { memberHooks } from './members.ts';
import { registerOrganizationRoutes } from './organization-routes.ts';
import { registerPages } from './pages.ts';
import { settingsOf, type TenancySettings } from './settings.ts';
import { registerSignInRoutes } from './sign-in-routes.ts';
import { tables } from './tables.ts';

const everybody: OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];
const people: OrganizationRole[] = ['owner', 'admin', 'member', 'viewer'];

/** The module with settings of its own; `tenancyModule` has the configuration's. */
export function makeTenancyModule(settings: Partial<TenancySettings> = {}): ModuleDefinition {
  return {
    name: 'tenancy',
    description: 'Organizations, people, who belongs where, and the ways in: sessions and API keys.',
    dependsOn: ['audit'],
    migrations: new URL('./migrations/', import.meta.url),
    tables,
    functions,
    permissions: {
      'organization:read': { description: 'See the organization', roles: everybody },
      'organization:write': { description: 'Change its name, slug and settings', roles: ['owner', 'admin'] },
      'organization:delete': { description: 'Delete it', roles: ['owner'] },
      'members:read': { description: 'See who belongs to it', roles: people },
      'members:write': {
        description: "Invite, change and remove members, up to one's own role",
        roles: ['owner', 'admin'],
      },
      'api_keys:read': { description: 'See API keys: administrators all, others their own', roles: everybody },
      'api_keys:write': {
        description: "Make, rotate and revoke API keys, up to one's own role and scopes",
        roles: ['owner', 'admin', 'member', 'service'],
      },
    },
    hookPoints: [memberHooks.add],
    loops: [tenancyMaintenance],
    routes(routes, platform) {
      const access = makeAccess(platform, { ...settingsOf(platform.config), ...settings });
      const failures = makeFailureThrottle(platform.clock);
      registerSignInRoutes(routes, access, failures);
      registerAccountRoutes(routes, access);
      registerOrganizationRoutes(routes, access);
      registerInvitationRoutes(routes, access, failures);
      registerIdentityRoutes(routes, access, failures);
      registerApiKeyRoutes(routes, platform);
      registerPages(routes);
    },
  };
}

export const tenancyModule = makeTenancyModule();
