import { IconBolt } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { EventPage } from './event.tsx';
import { Events } from './events.tsx';

export const routes: Area['routes'] = [
  { path: 'events', element: <Events /> },
  { path: 'events/:id', element: <EventPage /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Events',
    to: '/events',
    icon: IconBolt,
    group: 'Work',
    permission: 'events:read',
    order: 20,
    keywords: ['webhooks', 'github', 'payload', 'hooks'],
  },
];
