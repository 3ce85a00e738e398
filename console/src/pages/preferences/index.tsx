import { IconAdjustments } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Preferences } from './preferences.tsx';

export const routes: Area['routes'] = [{ path: 'preferences', element: <Preferences /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Preferences',
    to: '/preferences',
    icon: IconAdjustments,
    group: 'You',
    keywords: ['theme', 'dark', 'density', 'password', 'profile', 'sessions', 'sign out everywhere'],
  },
];
