import { IconBell } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Notifications } from './notifications.tsx';
import { Bell, UnreadBadge } from './unread.tsx';

export const routes: Area['routes'] = [{ path: 'notifications', element: <Notifications /> }];
export const header: Area['header'] = Bell;
export const navigation: Area['navigation'] = [
  {
    label: 'Notifications',
    to: '/notifications',
    icon: IconBell,
    group: 'You',
    permission: 'notifications:read',
    order: 10,
    keywords: ['inbox', 'unread', 'told', 'messages', 'alerts'],
    badge: UnreadBadge,
  },
];
