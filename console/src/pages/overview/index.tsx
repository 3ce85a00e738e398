import { IconLayoutDashboard } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Overview } from './overview.tsx';

export const routes: Area['routes'] = [{ index: true, element: <Overview /> }];
export const navigation: Area['navigation'] = [
  { label: 'Overview', to: '/', icon: IconLayoutDashboard, group: 'Work', order: 0, keywords: ['home', 'health'] },
];
