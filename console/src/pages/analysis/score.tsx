import { Badge, Group, Text } from '@mantine/core';

const colors: Readonly<Record<string, string>> = { A: 'green', B: 'lime', C: 'yellow', D: 'orange', E: 'red' };

/** A score of 100 at most, with its letter; a dash where there was no code. */
export function Score({ score, rating }: { score: number | null; rating: string | null }) {
  if (score === null) return <>–</>;
  return (
    <Group gap={6} wrap="nowrap" display="inline-flex">
      <Text inherit component="span" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {score.toFixed(1)}
      </Text>
      {rating === null ? null : <Badge color={colors[rating] ?? 'gray'}>{rating}</Badge>}
    </Group>
  );
}

const severityColors: Readonly<Record<string, string>> = {
  blocker: 'red',
  critical: 'red',
  major: 'orange',
  minor: 'yellow',
  info: 'gray',
};

export function SeverityBadge({ severity }: { severity: string }) {
  return <Badge color={severityColors[severity] ?? 'gray'}>{severity}</Badge>;
}
