import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { Dialog } from '../../parts/dialog.tsx';
import { hookAddress, type SourceShownOnce, schemeOf } from './types.ts';

interface ShownOnceProps {
  readonly title: string;
  readonly made: SourceShownOnce;
  readonly onClose: () => void;
}

/** The address and the secret. They are in this dialog and nowhere else: the list has neither, and this page keeps neither. */
export function ShownOnce({ title, made, onClose }: ShownOnceProps) {
  const { hook_path, secret, scheme } = made;
  return (
    <Dialog
      onClose={onClose}
      title={title}
      size="lg"
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <Text size="sm">
          {secret === undefined
            ? 'This request was sent twice: what is shown once was in the first answer. Take a new secret, or make another source.'
            : 'Copy it now: it is shown this once. Who has it can send events here.'}
        </Text>
        {hook_path === undefined ? null : <Copied isFirst label="Address" value={hookAddress(hook_path)} />}
        {secret === undefined ? null : <Copied isFirst={hook_path === undefined} label="Secret" value={secret} />}
        <div>
          <Text size="sm" fw={600}>
            At the sender
          </Text>
          <Text size="sm">
            {hook_path === undefined ? 'Put the new secret in place of the old one.' : schemeOf(scheme).setup}
          </Text>
        </div>
        <Group justify="flex-end">
          <Button onClick={onClose}>I have it</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

function Copied({ label, value, isFirst }: { label: string; value: string; isFirst: boolean }) {
  return (
    <Stack gap={4}>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="compact-sm"
              onClick={copy}
              aria-label={`Copy the ${label.toLowerCase()}`}
              {...(isFirst ? { 'data-autofocus': true } : {})}
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code block className="secret" aria-label={label} role="region" tabIndex={0} style={{ whiteSpace: 'pre-wrap' }}>
        {value}
      </Code>
    </Stack>
  );
}
