import { IconThumbUp } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { ApprovalPage } from './approval.tsx';
import { Approvals } from './approvals.tsx';
import { WaitingBadge } from './waiting-badge.tsx';

export const routes: Area['routes'] = [
  { path: 'approvals', element: <Approvals /> },
  { path: 'approvals/:id', element: <ApprovalPage /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Approvals',
    to: '/approvals',
    icon: IconThumbUp,
    group: 'Automation',
    permission: 'approvals:read',
    order: 15,
    keywords: ['inbox', 'vote', 'approve', 'reject', 'waiting for me', 'decisions'],
    badge: WaitingBadge,
  },
];
