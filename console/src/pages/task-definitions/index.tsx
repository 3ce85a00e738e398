import { IconFileDescription } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { DefinitionPage } from './definition.tsx';
import { Definitions } from './definitions.tsx';

export const routes: Area['routes'] = [
  { path: 'task-definitions', element: <Definitions /> },
  { path: 'task-definitions/:name', element: <DefinitionPage /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Task definitions',
    to: '/task-definitions',
    icon: IconFileDescription,
    group: 'Automation',
    permission: 'tasks:read',
    order: 50,
    keywords: ['schema', 'parameters', 'versions', 'retry policy', 'timeout'],
  },
];
