import { IconBug, IconChartLine } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { FilePage } from './file.tsx';
import { Files } from './files.tsx';
import { Issues } from './issues.tsx';
import { RunPage } from './run.tsx';
import { Runs } from './runs.tsx';

export const routes: Area['routes'] = [
  { path: 'analysis', element: <Runs /> },
  { path: 'analysis/:id', element: <RunPage /> },
  { path: 'analysis/:id/files', element: <Files /> },
  { path: 'analysis/:id/files/:file', element: <FilePage /> },
  { path: 'issues', element: <Issues /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Analysis',
    to: '/analysis',
    icon: IconChartLine,
    group: 'Work',
    permission: 'analysis:read',
    order: 40,
    keywords: ['runs', 'score', 'quality', 'metrics', 'complexity'],
  },
  {
    label: 'Issues',
    to: '/issues',
    icon: IconBug,
    group: 'Work',
    permission: 'analysis:read',
    order: 45,
    keywords: ['findings', 'rules', 'debt', 'severity'],
  },
];
