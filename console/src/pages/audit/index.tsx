import { IconHistory } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { AuditLog } from './audit-log.tsx';

export const routes: Area['routes'] = [{ path: 'audit', element: <AuditLog /> }];
export const navigation: Area['navigation'] = [
  {
    label: 'Audit log',
    to: '/audit',
    icon: IconHistory,
    group: 'Organization',
    order: 30,
    permission: 'audit:read',
    keywords: ['changes', 'history', 'who'],
  },
];
