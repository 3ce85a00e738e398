import { IconChartHistogram } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Volume } from './volume.tsx';

export const routes: Area['routes'] = [{ path: 'volume', element: <Volume /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Volume',
    to: '/volume',
    icon: IconChartHistogram,
    group: 'Work',
    permission: 'event_deliveries:read',
    order: 25,
    keywords: ['event statistics', 'charts', 'success rate', 'throughput'],
  },
];
