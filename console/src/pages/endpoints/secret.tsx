import { Button, Code, CopyButton, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { touchedOf, useOut } from './out.tsx';
import type { Endpoint, EndpointShownOnce } from './types.ts';

const overlaps = [
  { value: '24', label: 'for a day' },
  { value: '1', label: 'for an hour' },
  { value: '168', label: 'for a week' },
  { value: '0', label: 'not at all: it is known to others' },
];

/** The secret itself. It is in this dialog and nowhere else: not in the list, not in what this page keeps. */
export function SecretShownOnce({ made, onClose }: { made: EndpointShownOnce; onClose: () => void }) {
  return (
    <Dialog onClose={onClose} title="The signing secret" size="lg" closeOnClickOutside={false} closeOnEscape={false}>
      <Stack>
        <Text size="sm">
          Put it where <PlainText text={made.url} chars={200} /> verifies what comes in: it is shown this once. Any
          library of Standard Webhooks takes it as it stands.
        </Text>
        <Code
          block
          className="secret"
          aria-label="Signing secret"
          role="region"
          tabIndex={0}
          style={{ whiteSpace: 'pre-wrap' }}
        >
          {made.secret ?? 'This request was sent twice: the secret was in the first answer. Rotate it for a new one.'}
        </Code>
        <Group justify="flex-end">
          {made.secret === undefined ? null : (
            <CopyButton value={made.secret}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy} data-autofocus>
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
          )}
          <Button onClick={onClose}>I have it</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

interface RotateSecretProps {
  readonly endpoint: Endpoint;
  readonly onClose: () => void;
  readonly onMade: (made: EndpointShownOnce) => void;
}

/** A new secret; for a while both sign, so that the receiver can change over. */
export function RotateSecret({ endpoint, onClose, onMade }: RotateSecretProps) {
  const out = useOut();
  const [overlap, setOverlap] = useState('24');
  const rotate = useChange(
    (hours: number) =>
      api.post<EndpointShownOnce>(`${out.endpoints}/${endpoint.id}/rotate-secret`, { overlap_hours: hours }),
    { touches: touchedOf(out) },
  );
  async function submit(event: FormEvent) {
    event.preventDefault();
    onMade(await rotate.mutateAsync(Number(overlap)));
  }
  return (
    <Dialog onClose={onClose} title="Rotate the secret">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack>
          <Text size="sm">Deliveries are signed with a new secret from now on; it is shown once.</Text>
          <NativeSelect
            label="The old secret signs too"
            description="A receiver that knows either takes them"
            data={overlaps}
            data-autofocus
            value={overlap}
            onChange={(event) => setOverlap(event.currentTarget.value)}
          />
          {rotate.error ? <ProblemAlert problem={rotate.error} /> : null}
          <FormButtons action="Rotate" isPending={rotate.isPending} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
