import { IconChartLine } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Queue } from './queue.tsx';

export const routes: Area['routes'] = [{ path: 'queue', element: <Queue /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Queue',
    to: '/queue',
    icon: IconChartLine,
    group: 'Automation',
    permission: 'tasks:read',
    order: 5,
    keywords: ['depth', 'throughput', 'latency', 'statistics', 'charts', 'backlog', 'failure rate'],
  },
];
