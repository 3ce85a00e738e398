import { IconRoute } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { RunPage } from './run.tsx';
import { Runs } from './runs.tsx';

export const routes: Area['routes'] = [
  { path: 'workflow-runs', element: <Runs /> },
  { path: 'workflow-runs/:id', element: <RunPage /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Workflow runs',
    to: '/workflow-runs',
    icon: IconRoute,
    group: 'Automation',
    permission: 'workflow_runs:read',
    order: 20,
    keywords: ['steps', 'graph', 'durable', 'executions', 'waiting'],
  },
];
