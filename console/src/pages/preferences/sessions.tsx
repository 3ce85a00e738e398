import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useChange, useRead } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import type { Page, Session } from '../../api/types.ts';
import { signOut } from '../../app/sign-out.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { ErrorState, LoadingState, ProblemAlert } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { Section } from './preferences.tsx';

/** Where the person is signed in, and how to end it. */
export function Sessions() {
  const sessions = useRead<Page<Session>>('/v1/sessions');
  const [isAsking, setAsking] = useState(false);
  const end = useChange(({ id }: Session) => api.delete(`/v1/sessions/${id}`), { touches: ['/v1/sessions'] });
  return (
    <Section title="Where you are signed in">
      {sessions.isPending ? <LoadingState lines={2} /> : null}
      {sessions.error ? <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} /> : null}
      {end.error ? <ProblemAlert problem={end.error} /> : null}
      {sessions.data?.data.map((session) => (
        <Group key={session.id} justify="space-between" wrap="nowrap">
          <Stack gap={0} miw={0}>
            <Text size="sm" truncate title={session.device}>
              {session.device || 'unknown device'}
            </Text>
            <Text size="xs" c="dimmed">
              {session.ip_address ?? 'unknown address'}, seen <Time at={session.last_seen_at} />
            </Text>
          </Stack>
          {session.is_current ? (
            <Badge color="green" flex="none">
              this one
            </Badge>
          ) : (
            <Button variant="default" size="compact-xs" flex="none" onClick={() => end.mutate(session)}>
              End
            </Button>
          )}
        </Group>
      ))}
      <Group>
        <Button variant="default" onClick={() => setAsking(true)}>
          Sign out everywhere …
        </Button>
      </Group>
      {isAsking ? (
        <Confirm
          title="Sign out everywhere?"
          action="Sign out everywhere"
          onClose={() => setAsking(false)}
          onConfirm={() => signOut({ everywhere: true })}
        >
          All your sessions end, this one too. API keys go on.
        </Confirm>
      ) : null}
    </Section>
  );
}
