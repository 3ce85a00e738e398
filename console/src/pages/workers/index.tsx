import { IconEngine } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Workers } from './workers.tsx';

export const routes: Area['routes'] = [{ path: 'workers', element: <Workers /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Workers',
    to: '/workers',
    icon: IconEngine,
    group: 'Automation',
    permission: 'tasks:read',
    order: 40,
    keywords: ['no worker', 'who serves', 'external', 'python'],
  },
];
