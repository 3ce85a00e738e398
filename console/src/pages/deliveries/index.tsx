import { IconSend } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { InConsole } from '../endpoints/out.tsx';
import { Deliveries } from './deliveries.tsx';
import { DeliveryPage } from './delivery.tsx';

export const routes: Area['routes'] = [
  { path: 'deliveries', element: <Deliveries /> },
  { path: 'deliveries/:id', element: <DeliveryPage /> },
].map(({ path, element }) => ({ path, element: <InConsole>{element}</InConsole> }));
export const navigation: Area['navigation'] = [
  {
    label: 'Deliveries',
    to: '/deliveries',
    icon: IconSend,
    group: 'Work',
    permission: 'event_deliveries:read',
    order: 24,
    keywords: ['webhooks out', 'outgoing', 'delivery log', 'replay', 'dead letters', 'attempts'],
  },
];
