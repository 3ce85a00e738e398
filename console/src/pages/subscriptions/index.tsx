import { IconArrowsSplit2 } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { EditSubscription, NewSubscription } from './edit-subscription.tsx';
import { FilterTester } from './filter-tester.tsx';
import { SubscriptionPage } from './subscription.tsx';
import { Subscriptions } from './subscriptions.tsx';

export const routes: Area['routes'] = [
  { path: 'subscriptions', element: <Subscriptions /> },
  { path: 'subscriptions/new', element: <NewSubscription /> },
  { path: 'subscriptions/test', element: <FilterTester /> },
  { path: 'subscriptions/:id', element: <SubscriptionPage /> },
  { path: 'subscriptions/:id/edit', element: <EditSubscription /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Subscriptions',
    to: '/subscriptions',
    icon: IconArrowsSplit2,
    group: 'Work',
    permission: 'event_subscriptions:read',
    order: 22,
    keywords: ['filter tester', 'routing', 'rules', 'fan-out', 'webhooks'],
  },
];
