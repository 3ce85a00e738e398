import { IconGauge } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Limits } from './limits.tsx';

export const routes: Area['routes'] = [{ path: 'task-limits', element: <Limits /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Limits',
    to: '/task-limits',
    icon: IconGauge,
    group: 'Automation',
    permission: 'tasks:read',
    order: 55,
    keywords: ['concurrency', 'rate', 'throttle', 'keys'],
  },
];
