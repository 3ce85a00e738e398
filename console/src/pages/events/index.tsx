import { IconBolt, IconBroadcast } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { EventPage } from './event.tsx';
import { Events } from './events.tsx';
import { LiveEvents } from './live.tsx';

export const routes: Area['routes'] = [
  { path: 'events', element: <Events /> },
  { path: 'live', element: <LiveEvents /> },
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
    keywords: ['webhooks', 'github', 'payload', 'hooks', 'search'],
  },
  {
    label: 'Live events',
    to: '/live',
    icon: IconBroadcast,
    group: 'Work',
    permission: 'events:read',
    order: 21,
    keywords: ['stream', 'tail', 'follow', 'watch'],
  },
];
