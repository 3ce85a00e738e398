import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useCan, useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { SendEvent } from './send-event.tsx';
import { hasEnded, type Run, touchedByRuns } from './types.ts';

/** What can be done with a run in its state, by who may. */
export function RunActions({ run }: { run: Run }) {
  const mayWrite = useCan('workflow_runs:write');
  const mayHold = useCan('tasks:write');
  const [asks, setAsks] = useState<'cancel' | 'event'>();
  if (!mayWrite) return null;
  const { id, status } = run;
  const close = () => setAsks(undefined);
  if (hasEnded(status)) {
    if (status === 'completed') return null;
    return (
      <Act path={`/v1/workflow-runs/${id}/retry`} done="The run goes on from the steps that failed">
        Retry
      </Act>
    );
  }
  return (
    <>
      <Button variant="default" onClick={() => setAsks('event')}>
        Send event
      </Button>
      {/* a run and its task have one id */}
      {mayHold && status === 'paused' ? (
        <Act path={`/v1/tasks/${id}/resume`} done="The run goes on">
          Resume
        </Act>
      ) : null}
      {mayHold && status !== 'paused' ? (
        <Act path={`/v1/tasks/${id}/pause`} done="The run is held back">
          Pause
        </Act>
      ) : null}
      <Button variant="default" onClick={() => setAsks('cancel')}>
        Cancel run
      </Button>
      {asks === 'event' ? <SendEvent runId={id} onClose={close} /> : null}
      {asks === 'cancel' ? <CancelRun id={id} onClose={close} /> : null}
    </>
  );
}

/** One press; a refusal is told in a notice. */
function Act({ path, done, children }: { path: string; done: string; children: string }) {
  const change = useChange(() => api.post(path), { touches: touchedByRuns, tells: done });
  return (
    <Button variant="default" loading={change.isPending} onClick={() => change.mutate(undefined)}>
      {children}
    </Button>
  );
}

function CancelRun({ id, onClose }: { id: string; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const cancel = useChange(
    () => api.post(`/v1/workflow-runs/${id}/cancel`, reason.trim() === '' ? {} : { reason: reason.trim() }),
    { touches: touchedByRuns },
  );
  return (
    <Confirm
      title="Cancel this run?"
      action="Cancel the run"
      onConfirm={() => cancel.mutateAsync(undefined)}
      onClose={onClose}
    >
      Tasks and workflows it has begun are cancelled with it, and nobody is asked any more. What is finished stays; a
      retry goes on from there.
      <TextInput
        mt="sm"
        label="Reason"
        description="Kept with the run"
        maxLength={500}
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </Confirm>
  );
}
