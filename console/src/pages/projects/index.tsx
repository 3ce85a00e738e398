import { IconFolder } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { ProjectPage } from './project.tsx';
import { EditProject, NewProject } from './project-form.tsx';
import { Projects } from './projects.tsx';

export const routes: Area['routes'] = [
  { path: 'projects', element: <Projects /> },
  { path: 'projects/new', element: <NewProject /> },
  { path: 'projects/:id', element: <ProjectPage /> },
  { path: 'projects/:id/edit', element: <EditProject /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Projects',
    to: '/projects',
    icon: IconFolder,
    group: 'Work',
    permission: 'projects:read',
    order: 10,
    keywords: ['archive', 'goals', 'new project'],
  },
];
