import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { type Project, touchedByProjects } from './types.ts';

/** What can be done with a project in its state: edit, put away, take back, delete. */
export function ProjectActions({ project }: { project: Project }) {
  const { id, name, status } = project;
  const navigate = useNavigate();
  const [isDeleting, setDeleting] = useState(false);
  const move = useChange((verb: 'archive' | 'restore') => api.post(`/v1/projects/${id}/${verb}`), {
    touches: touchedByProjects,
    tells: (_, verb) => (verb === 'archive' ? 'The project is archived' : 'The project is back'),
  });
  const remove = useChange(() => api.delete(`/v1/projects/${id}`), { touches: touchedByProjects });
  const isAway = status === 'archived' || status === 'deleted';
  return (
    <>
      {status === 'deleted' ? null : (
        <Button component={Link} to={`/projects/${id}/edit`}>
          Edit
        </Button>
      )}
      {isAway ? (
        <Button variant="default" loading={move.isPending} onClick={() => move.mutate('restore')}>
          Restore
        </Button>
      ) : (
        <Button variant="default" loading={move.isPending} onClick={() => move.mutate('archive')}>
          Archive
        </Button>
      )}
      {status === 'deleted' ? null : (
        <Button variant="default" onClick={() => setDeleting(true)}>
          Delete …
        </Button>
      )}
      {isDeleting ? (
        <Confirm
          title="Delete this project?"
          action="Delete the project"
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await remove.mutateAsync(undefined);
            notifications.show({ message: `${name} was deleted. It can be restored for 30 days.` });
            void navigate('/projects');
          }}
        >
          It can be restored for 30 days; afterwards it is gone. Its repositories and tasks stay.
        </Confirm>
      ) : null}
    </>
  );
}
