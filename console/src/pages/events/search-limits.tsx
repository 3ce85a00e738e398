import { Text } from '@mantine/core';

/** What a search does not find, so that nobody takes an empty list for an answer. */
export function SearchLimits({ wrong }: { wrong: string | undefined }) {
  return (
    <Text size="xs" c={wrong === undefined ? 'dimmed' : 'var(--mantine-color-error)'} mb="xs" role="status">
      {wrong ??
        'A search finds whole words, not parts of them; events that were matched already, not those that wait; words of payloads up to 4 KB (of larger ones only title, name, actor, repository, branch, commit and id), and contents of payloads up to 64 KB. Quotes make a phrase, the word “or” stands between alternatives, and a “-” before what must not be there.'}
    </Text>
  );
}
