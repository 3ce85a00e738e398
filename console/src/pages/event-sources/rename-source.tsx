import { Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useChange } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { type EventSource, touchedBySources } from './types.ts';

export function RenameSource({ source: { id, name }, onClose }: { source: EventSource; onClose: () => void }) {
  const [text, setText] = useState(name);
  const save = useChange(() => api.patch(`/v1/event-sources/${id}`, { name: text.trim() }), {
    touches: touchedBySources,
  });
  const errors = save.error ? fieldErrors(save.error, ['name']) : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate(undefined, { onSuccess: onClose });
  }
  return (
    <Dialog onClose={onClose} title="Rename this source">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            maxLength={200}
            autoComplete="off"
            data-autofocus
            error={errors['name']}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {save.error && errors['name'] === undefined ? <ProblemAlert problem={save.error} /> : null}
          <FormButtons action="Rename" isPending={save.isPending} disabled={text.trim() === ''} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
