import { IconPlugConnected } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { NewSource } from './new-source.tsx';
import { SourcePage } from './source.tsx';
import { Sources } from './sources.tsx';

export const routes: Area['routes'] = [
  { path: 'event-sources', element: <Sources /> },
  { path: 'event-sources/new', element: <NewSource /> },
  { path: 'event-sources/:id', element: <SourcePage /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Event sources',
    to: '/event-sources',
    icon: IconPlugConnected,
    group: 'Work',
    permission: 'event_sources:read',
    order: 22,
    keywords: ['webhooks in', 'hooks', 'github', 'slack', 'linear', 'signing secret', 'connect', 'integrations'],
  },
];
