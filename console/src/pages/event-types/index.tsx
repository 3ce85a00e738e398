import { IconSchema } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { EditEventType, NewEventType } from './edit-event-type.tsx';
import { EventTypePage } from './event-type.tsx';
import { EventTypes } from './event-types.tsx';

export const routes: Area['routes'] = [
  { path: 'event-types', element: <EventTypes /> },
  { path: 'event-types/new', element: <NewEventType /> },
  { path: 'event-types/:source/:name', element: <EventTypePage /> },
  { path: 'event-types/:source/:name/edit', element: <EditEventType /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Event types',
    to: '/event-types',
    icon: IconSchema,
    group: 'Work',
    permission: 'event_types:read',
    order: 23,
    keywords: ['json schema', 'payload', 'catalogue', 'retention'],
  },
];
