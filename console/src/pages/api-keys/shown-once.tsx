import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import type { NewApiKey } from '../../api/types.ts';
import { Dialog } from '../../parts/dialog.tsx';

/** The key itself. It is in this dialog and nowhere else: not in the list, not in what this page keeps. */
export function ShownOnce({ made, onClose }: { made: NewApiKey; onClose: () => void }) {
  return (
    <Dialog onClose={onClose} title="Your new key" size="lg" closeOnClickOutside={false} closeOnEscape={false}>
      <Stack>
        <Text size="sm">
          Copy <b>{made.name}</b> now: it is shown this once. Who has it can do what it may.
        </Text>
        <Code
          block
          className="secret"
          aria-label="API key"
          role="region"
          tabIndex={0}
          style={{ whiteSpace: 'pre-wrap' }}
        >
          {made.key ??
            'This request was sent twice: the key was in the first answer. Revoke this one and make another.'}
        </Code>
        <Group justify="flex-end">
          {made.key === null ? null : (
            <CopyButton value={made.key}>
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
