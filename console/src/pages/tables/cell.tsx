import { Text } from '@mantine/core';
import { PlainText } from '../../parts/plain-text.tsx';

const cell_chars = 200;

/** A value of a row in one line, inert whatever it holds. */
export function Cell({ value, chars = cell_chars }: { value: unknown; chars?: number }) {
  if (value === null || value === undefined) {
    return (
      <Text inherit component="span" c="dimmed" fs="italic">
        null
      </Text>
    );
  }
  if (value === '') {
    return (
      <Text inherit component="span" c="dimmed" fs="italic">
        empty
      </Text>
    );
  }
  return <PlainText text={typeof value === 'object' ? JSON.stringify(value) : String(value)} chars={chars} />;
}
