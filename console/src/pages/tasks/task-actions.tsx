import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useCan, useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { touchedByTasks } from './types.ts';

interface TaskActionProps {
  readonly id: string;
  /** Said with the verb, where several stand on one page. */
  readonly name?: string;
  readonly size?: string;
}

/** Runs a failed or cancelled task again. A refusal is told in a notice. */
export function RetryTask({ id, name, size }: TaskActionProps) {
  const may = useCan('tasks:write');
  const retry = useChange(() => api.post(`/v1/tasks/${id}/retry`), {
    touches: touchedByTasks,
    tells: 'The task is queued again',
  });
  if (!may) return null;
  return (
    <Button
      variant="default"
      loading={retry.isPending}
      onClick={() => retry.mutate(undefined)}
      {...(size ? { size } : {})}
      {...(name ? { 'aria-label': `Retry ${name}` } : {})}
    >
      Retry
    </Button>
  );
}

/** Holds a task back, or lets it go on. */
export function HoldTask({ id, isHeld }: { id: string; isHeld: boolean }) {
  const may = useCan('tasks:write');
  const hold = useChange(() => api.post(`/v1/tasks/${id}/${isHeld ? 'resume' : 'pause'}`), {
    touches: touchedByTasks,
    tells: isHeld ? 'The task goes on' : 'The task is held back',
  });
  if (!may) return null;
  return (
    <Button variant="default" loading={hold.isPending} onClick={() => hold.mutate(undefined)}>
      {isHeld ? 'Resume' : 'Pause'}
    </Button>
  );
}

/** Cancels a task that has not ended; a reason may be given. */
export function CancelTask({ id }: TaskActionProps) {
  const may = useCan('tasks:write');
  const [isAsking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const cancel = useChange(
    () => api.post(`/v1/tasks/${id}/cancel`, reason.trim() === '' ? {} : { reason: reason.trim() }),
    { touches: touchedByTasks },
  );
  if (!may) return null;
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        Cancel task
      </Button>
      {isAsking ? (
        <Confirm
          title="Cancel this task?"
          action="Cancel the task"
          onConfirm={() => cancel.mutateAsync(undefined)}
          onClose={() => setAsking(false)}
        >
          It will not run, or is told to stop if it runs now. It can be retried later.
          <TextInput
            mt="sm"
            label="Reason"
            description="Kept with the task"
            maxLength={500}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </Confirm>
      ) : null}
    </>
  );
}
