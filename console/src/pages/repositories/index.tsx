import { IconGitBranch } from '@tabler/icons-react';
import type { Area } from '../../app/area.ts';
import { Repositories } from './repositories.tsx';
import { RepositoryPage } from './repository.tsx';
import { EditRepository, NewRepository } from './repository-form.tsx';

export const routes: Area['routes'] = [
  { path: 'repositories', element: <Repositories /> },
  { path: 'repositories/new', element: <NewRepository /> },
  { path: 'repositories/:id', element: <RepositoryPage /> },
  { path: 'repositories/:id/edit', element: <EditRepository /> },
];
export const navigation: Area['navigation'] = [
  {
    label: 'Repositories',
    to: '/repositories',
    icon: IconGitBranch,
    group: 'Work',
    permission: 'repositories:read',
    order: 15,
    keywords: ['git', 'github', 'code', 'analyse'],
  },
];
