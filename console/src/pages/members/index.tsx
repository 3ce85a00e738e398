import { IconUsers } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Members } from './members.tsx';

export const routes: Area['routes'] = [{ path: 'members', element: <Members /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Members',
    to: '/members',
    icon: IconUsers,
    group: 'Organization',
    order: 10,
    permission: 'members:read',
    keywords: ['people', 'users', 'roles', 'team'],
  },
];
