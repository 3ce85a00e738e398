import { IconChecklist } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { NewTask } from './new-task.tsx';
import { TaskPage } from './task.tsx';
import { Tasks } from './tasks.tsx';

export const routes: Area['routes'] = [
  { path: 'tasks', element: <Tasks /> },
  { path: 'tasks/new', element: <NewTask /> },
  { path: 'tasks/:id', element: <TaskPage /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Tasks',
    to: '/tasks',
    icon: IconChecklist,
    group: 'Automation',
    permission: 'tasks:read',
    order: 10,
    keywords: ['jobs', 'queue', 'failed', 'retry', 'background'],
  },
];
