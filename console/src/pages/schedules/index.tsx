import { IconCalendarRepeat } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { EditSchedule, NewSchedule } from './edit-schedule.tsx';
import { SchedulePage } from './schedule.tsx';
import { Schedules } from './schedules.tsx';

export const routes: Area['routes'] = [
  { path: 'schedules', element: <Schedules /> },
  { path: 'schedules/new', element: <NewSchedule /> },
  { path: 'schedules/:id', element: <SchedulePage /> },
  { path: 'schedules/:id/edit', element: <EditSchedule /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Schedules',
    to: '/schedules',
    icon: IconCalendarRepeat,
    group: 'Automation',
    permission: 'tasks:read',
    order: 45,
    keywords: ['cron', 'recurring', 'every day', 'timer', 'next run'],
  },
];
