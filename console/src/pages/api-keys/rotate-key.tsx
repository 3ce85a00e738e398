import { NativeSelect, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import type { ApiKey, NewApiKey } from '../../api/types.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { ProblemAlert } from '../../parts/states.tsx';

const graces = [
  { value: '86400', label: 'for a day' },
  { value: '3600', label: 'for an hour' },
  { value: '604800', label: 'for a week' },
  { value: '0', label: 'not at all' },
];

interface RotateKeyProps {
  readonly apiKey: ApiKey;
  readonly onClose: () => void;
  readonly onMade: (key: NewApiKey) => void;
}

/** A new secret for the same purpose; the old key works on for a while, so that programs can change over. */
export function RotateKey({ apiKey, onClose, onMade }: RotateKeyProps) {
  const [grace, setGrace] = useState('86400');
  const rotate = useChange(
    (seconds: number) => api.post<NewApiKey>(`/v1/api-keys/${apiKey.id}/rotate`, { grace_seconds: seconds }),
    { touches: ['/v1/api-keys'] },
  );
  async function submit(event: FormEvent) {
    event.preventDefault();
    onMade(await rotate.mutateAsync(Number(grace)));
  }
  return (
    <Dialog onClose={onClose} title="Rotate this key">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack>
          <Text size="sm">
            <b>{apiKey.name}</b> (…{apiKey.last4}) is replaced by a new key that may do the same.
          </Text>
          <NativeSelect
            label="The old key works on"
            data={graces}
            data-autofocus
            value={grace}
            onChange={(event) => setGrace(event.currentTarget.value)}
          />
          {rotate.error ? <ProblemAlert problem={rotate.error} /> : null}
          <FormButtons action="Rotate" isPending={rotate.isPending} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
