import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { refresh, useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { touchedOf, useOut } from '../endpoints/out.tsx';
import type { Delivery } from './types.ts';

const retried_max = 10_000;

/** Sends one delivery again. What came of it is told in a notice. */
export function ResendOne({ delivery: { id } }: { delivery: Delivery }) {
  const out = useOut();
  const retry = useChange(() => api.post(`${out.deliveries}/${id}/retry`), {
    touches: touchedOf(out),
    tells: 'The delivery is sent again',
  });
  if (!out.maySend) return null;
  return (
    <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate(undefined)}>
      Send again
    </Button>
  );
}

interface ResendBarProps {
  readonly chosen: ReadonlySet<string>;
  readonly onClear: () => void;
  /** What the list is filtered by, where the API can be told the same. */
  readonly filter?: Readonly<Record<string, string>>;
}

/** Sends again what is chosen, or all that match and have ended. */
export function ResendBar(props: ResendBarProps) {
  // a question about what was filtered before is not answered about what is filtered now
  return <Bar key={JSON.stringify(props.filter ?? null)} {...props} />;
}

function Bar({ chosen, onClear, filter }: ResendBarProps) {
  const [asked, setAsked] = useState<'chosen' | 'all'>();
  const out = useOut();
  const client = useQueryClient();
  async function send() {
    const body = asked === 'all' ? filter : { ids: [...chosen] };
    const { retried } = await api.post<{ retried: number }>(`${out.deliveries}/retry`, body);
    const more = retried === retried_max ? '; there may be more: send all again' : '';
    notifications.show({ message: `${retried.toLocaleString('en')} sent again${more}` });
    onClear();
    await refresh(client, touchedOf(out));
  }
  return (
    <Group gap="sm" mb="xs">
      {chosen.size > 0 ? (
        <>
          <Text size="sm">{chosen.size.toLocaleString('en')} chosen</Text>
          <Button size="compact-sm" variant="default" onClick={() => setAsked('chosen')}>
            Send chosen again
          </Button>
          <Button size="compact-sm" variant="subtle" onClick={onClear}>
            Choose none
          </Button>
        </>
      ) : (
        <Text size="sm" c="dimmed">
          Choose deliveries{filter ? '' : ', or filter by endpoint, status or time,'} to send them again.
        </Text>
      )}
      {filter ? (
        <Button size="compact-sm" variant="default" onClick={() => setAsked('all')}>
          Send all that match again
        </Button>
      ) : null}
      {asked ? (
        <Confirm
          title={asked === 'all' ? 'Send all that match again?' : `Send ${chosen.size} again?`}
          action="Send again"
          isDestructive={false}
          onConfirm={send}
          onClose={() => setAsked(undefined)}
        >
          Those that have ended are sent from the first attempt, the oldest first, at most{' '}
          {retried_max.toLocaleString('en')} at a time. They come under the same event ids. Those of endpoints that are
          off stay as they are.
        </Confirm>
      ) : null}
    </Group>
  );
}
