import { IconSitemap } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { WorkflowPage } from './workflow.tsx';
import { Workflows } from './workflows.tsx';

export const routes: Area['routes'] = [
  { path: 'workflows', element: <Workflows /> },
  { path: 'workflows/:name', element: <WorkflowPage /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Workflows',
    to: '/workflows',
    icon: IconSitemap,
    group: 'Automation',
    permission: 'workflow_runs:read',
    order: 25,
    keywords: ['definitions', 'versions', 'start a run', 'pipelines'],
  },
];
