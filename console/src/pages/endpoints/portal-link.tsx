import { Anchor, Button, Code, CopyButton, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { basePath } from '../../api/base-path.ts';
import { useChange } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { ExactTime } from '../../parts/time.tsx';

interface NewLink {
  readonly customer: string;
  readonly path: string;
  readonly expires_at: string;
}

const lives = [
  { value: '15', label: 'for 15 minutes' },
  { value: '60', label: 'for an hour' },
  { value: '1440', label: 'for a day' },
];

/** Makes a link by which a customer looks after its own endpoints, and shows it this once: to hand over, or to look at. */
export function PortalLink({ customer, onClose }: { customer: string; onClose: () => void }) {
  const [made, setMade] = useState<NewLink>();
  return made ? (
    <Shown link={made} onClose={onClose} />
  ) : (
    <Make customer={customer} onClose={onClose} onMade={setMade} />
  );
}

interface MakeProps {
  readonly customer: string;
  readonly onClose: () => void;
  readonly onMade: (link: NewLink) => void;
}

function Make({ customer, onClose, onMade }: MakeProps) {
  const [fields, setFields] = useState({ customer, minutes: '15' });
  const make = useChange((body: unknown) => api.post<NewLink>('/v1/event-portal-links', body), { touches: [] });
  const errors = make.error ? fieldErrors(make.error, ['customer']) : {};
  async function submit(event: FormEvent) {
    event.preventDefault();
    const body = { customer: fields.customer.trim(), expires_in_minutes: Number(fields.minutes) };
    onMade(await make.mutateAsync(body));
  }
  return (
    <Dialog onClose={onClose} title="Portal of a customer">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)} noValidate>
        <Stack>
          <Text size="sm">
            A page where one customer sees and changes its own endpoints and deliveries, and nothing else.
          </Text>
          <TextInput
            label="Customer"
            description="Your own id of it; it needs no endpoint yet"
            autoComplete="off"
            maxLength={200}
            required
            data-autofocus
            value={fields.customer}
            error={errors['customer']}
            onChange={({ currentTarget: { value } }) => setFields((before) => ({ ...before, customer: value }))}
          />
          <NativeSelect
            label="The link works"
            data={lives}
            value={fields.minutes}
            onChange={({ currentTarget: { value } }) => setFields((before) => ({ ...before, minutes: value }))}
          />
          {make.error ? <ProblemAlert problem={make.error} /> : null}
          <FormButtons
            action="Make the link"
            isPending={make.isPending}
            disabled={fields.customer.trim() === ''}
            cancel={onClose}
          />
        </Stack>
      </form>
    </Dialog>
  );
}

function Shown({ link, onClose }: { link: NewLink; onClose: () => void }) {
  const { href } = new URL(basePath + link.path, window.location.origin);
  return (
    <Dialog onClose={onClose} title="The link to the portal" size="lg" closeOnClickOutside={false}>
      <Stack>
        <Text size="sm">
          Who has it acts for <PlainText text={link.customer} chars={200} /> until <ExactTime at={link.expires_at} />,
          and it can not be taken back. It is shown this once.
        </Text>
        <Code
          block
          className="secret"
          aria-label="Portal link"
          role="region"
          tabIndex={0}
          style={{ whiteSpace: 'pre-wrap' }}
        >
          {href}
        </Code>
        <Group justify="flex-end">
          <CopyButton value={href}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy} data-autofocus>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Anchor href={href} target="_blank" rel="noopener noreferrer">
            Look at it (a new tab)
          </Anchor>
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
