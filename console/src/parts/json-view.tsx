import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';

const shown_chars = 20_000;

/**
 * A value as indented JSON, as plain text: nothing in it becomes markup, a link or an image. Characters that turn the
 * reading direction or are invisible are written as escapes, so that what is read is what is there.
 */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const [isWhole, setWhole] = useState(false);
  const text = visible(JSON.stringify(value, undefined, 2) ?? 'undefined');
  const isCut = text.length > shown_chars && !isWhole;
  return (
    <Stack gap={4}>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="subtle" size="compact-xs" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code block tabIndex={0} aria-label={label} role="region" mah="32rem" style={{ overflow: 'auto' }}>
        {isCut ? text.slice(0, shown_chars) : text}
      </Code>
      {isCut ? (
        <Button variant="subtle" size="compact-xs" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </Button>
      ) : null}
    </Stack>
  );
}

/** Control, direction and zero-width characters as \u escapes; JSON has escaped those below the space already. */
export function visible(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
