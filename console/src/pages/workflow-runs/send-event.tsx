import { Stack, Textarea, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { useChange } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { parsedObject } from '../../parts/json-field.ts';
import { ProblemAlert } from '../../parts/states.tsx';
import { touchedByRuns } from './types.ts';

interface SendEventProps {
  readonly runId: string;
  /** What a step waits for. */
  readonly suggested?: { readonly name: string; readonly match: unknown };
  readonly onClose: () => void;
}

/** Sends an event to one run; it is kept until the run waits for it. */
export function SendEvent({ runId, suggested, onClose }: SendEventProps) {
  const [name, setName] = useState(suggested?.name ?? '');
  const [payload, setPayload] = useState(() => JSON.stringify(suggested?.match ?? {}, undefined, 2));
  const [wrong, setWrong] = useState<string>();
  const send = useChange((body: unknown) => api.post(`/v1/workflow-runs/${runId}/events`, body), {
    touches: touchedByRuns,
  });
  const errors = send.error ? fieldErrors(send.error, ['name', 'payload']) : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    const parsed = parsedObject(payload);
    setWrong(parsed.wrong);
    if (parsed.wrong !== undefined) return;
    send.mutate(
      { name: name.trim(), payload: parsed.value },
      {
        onSuccess: () => {
          notifications.show({ message: 'The event is sent' });
          onClose();
        },
      },
    );
  }
  return (
    <Dialog onClose={onClose} title="Send an event to this run">
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label="Name"
            description="What the workflow waits for"
            maxLength={100}
            required
            data-autofocus
            autoComplete="off"
            value={name}
            error={errors['name']}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="Payload"
            description="A JSON object; a step takes it if it contains what the step asks for"
            autosize
            minRows={4}
            maxRows={16}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            value={payload}
            error={wrong ?? errors['payload']}
            onChange={(event) => setPayload(event.currentTarget.value)}
          />
          {send.error && Object.keys(errors).length === 0 ? <ProblemAlert problem={send.error} /> : null}
          <FormButtons action="Send" isPending={send.isPending} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
