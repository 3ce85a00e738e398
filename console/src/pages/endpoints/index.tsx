import { IconWebhook } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { EditEndpoint, NewEndpoint } from './edit-endpoint.tsx';
import { EndpointPage } from './endpoint.tsx';
import { Endpoints } from './endpoints.tsx';
import { InConsole } from './out.tsx';

export const routes: Area['routes'] = [
  { path: 'endpoints', element: <Endpoints /> },
  { path: 'endpoints/new', element: <NewEndpoint /> },
  { path: 'endpoints/:id', element: <EndpointPage /> },
  { path: 'endpoints/:id/edit', element: <EditEndpoint /> },
].map(({ path, element }) => ({ path, element: <InConsole>{element}</InConsole> }));
export const navigation: Area['navigation'] = [
  {
    label: 'Endpoints',
    to: '/endpoints',
    icon: IconWebhook,
    group: 'Work',
    permission: 'event_endpoints:read',
    order: 23,
    keywords: ['webhooks out', 'outgoing', 'signing secret', 'customer portal', 'portal preview', 'circuit'],
  },
];
