import { IconMailX } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { DeadLetters } from './dead-letters.tsx';

export const routes: Area['routes'] = [{ path: 'dead-letters', element: <DeadLetters /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Dead letters',
    to: '/dead-letters',
    icon: IconMailX,
    group: 'Automation',
    permission: 'tasks:read',
    order: 35,
    keywords: ['failed', 'redrive', 'bulk retry', 'errors'],
  },
];
