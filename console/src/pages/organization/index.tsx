import { IconSettings } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { OrganizationSettings } from './organization-settings.tsx';

export const routes: Area['routes'] = [{ path: 'settings', element: <OrganizationSettings /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Settings',
    to: '/settings',
    icon: IconSettings,
    group: 'Organization',
    order: 40,
    permission: 'organization:read',
    keywords: ['rename', 'delete organization', 'slug'],
  },
];
