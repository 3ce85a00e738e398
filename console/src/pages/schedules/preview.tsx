import { List, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { Problem } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { inZone } from './types.ts';

interface PreviewAnswer {
  readonly data: readonly string[];
  readonly explanation: string;
}

const typing_ms = 300;
const ticks = 5;

/** What an expression says in words, and when it would fire; asked when the typing rests. */
export function usePreview(cron: string, timezone: string) {
  const [asked] = useDebouncedValue({ cron: cron.trim(), timezone: timezone.trim() || 'UTC' }, typing_ms);
  const { data, error } = useQuery<PreviewAnswer, Problem>({
    queryKey: ['/v1/schedules/preview', asked],
    queryFn: () => api.post<PreviewAnswer>('/v1/schedules/preview', { ...asked, count: ticks }),
    enabled: asked.cron !== '',
  });
  return { data, error, timezone: asked.timezone };
}

export function Preview({ of: { data, timezone } }: { of: ReturnType<typeof usePreview> }) {
  return (
    <div className="surface" style={{ padding: '0.75rem 1rem' }} role="status" aria-label="What the expression says">
      {data ? (
        <>
          <Text fw={600}>{data.explanation}</Text>
          <Text size="sm" mt={4}>
            Next, by the clocks of {timezone}:
          </Text>
          <List size="sm">
            {data.data.map((at) => (
              <List.Item key={at}>{inZone(at, timezone)}</List.Item>
            ))}
          </List>
        </>
      ) : (
        <Text size="sm" c="dimmed">
          Five fields: minute, hour, day of the month, month, weekday. For example 30 2 * * mon-fri.
        </Text>
      )}
    </div>
  );
}
