import { IconTable } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { TablePage } from './table.tsx';
import { Tables } from './tables.tsx';

export const routes: Area['routes'] = [
  { path: 'tables', element: <Tables /> },
  { path: 'tables/:table', element: <TablePage /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Tables',
    to: '/tables',
    icon: IconTable,
    group: 'Data',
    order: 10,
    keywords: ['rest', 'rows', 'sql', 'database', 'view as', 'browser'],
  },
];
