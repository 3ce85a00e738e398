import { NativeSelect, PasswordInput, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useChange } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { type EventSource, type SourceShownOnce, schemeOf, touchedBySources } from './types.ts';

const overlaps = [
  { value: '1', label: 'for an hour' },
  { value: '24', label: 'for a day' },
  { value: '168', label: 'for a week' },
  { value: '0', label: 'not at all: it is known to others' },
];

interface RotateSecretProps {
  readonly source: EventSource;
  readonly onClose: () => void;
  readonly onMade: (made: SourceShownOnce) => void;
}

/** A new secret at the same address; the old one is accepted for a while, so that the sender can change over. */
export function RotateSecret({ source: { id, name, scheme }, onClose, onMade }: RotateSecretProps) {
  const [overlap, setOverlap] = useState('24');
  const [secret, setSecret] = useState('');
  const rotate = useChange(
    () =>
      api.post<SourceShownOnce>(`/v1/event-sources/${id}/rotate-secret`, {
        overlap_hours: Number(overlap),
        ...(secret === '' ? {} : { secret }),
      }),
    { touches: touchedBySources },
  );
  const errors = rotate.error ? fieldErrors(rotate.error, ['secret']) : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    rotate.mutate(undefined, { onSuccess: onMade });
  }
  return (
    <Dialog onClose={onClose} title="A new secret">
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            The address of <PlainText text={name} chars={200} /> stays. Its sender signs with the new secret from now
            on.
          </Text>
          <NativeSelect
            label="The old secret is accepted"
            data={overlaps}
            data-autofocus
            value={overlap}
            onChange={(event) => setOverlap(event.currentTarget.value)}
          />
          <PasswordInput
            label="New secret"
            description={schemeOf(scheme).secret}
            maxLength={1_024}
            autoComplete="off"
            error={errors['secret']}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
          {rotate.error && errors['secret'] === undefined ? <ProblemAlert problem={rotate.error} /> : null}
          <FormButtons action="Rotate" isPending={rotate.isPending} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
