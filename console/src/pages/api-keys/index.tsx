import { IconKey } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { ApiKeys } from './api-keys.tsx';

export const routes: Area['routes'] = [{ path: 'api-keys', element: <ApiKeys /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'API keys',
    to: '/api-keys',
    icon: IconKey,
    group: 'Organization',
    order: 20,
    permission: 'api_keys:read',
    keywords: ['token', 'secret', 'create key', 'credentials'],
  },
];
