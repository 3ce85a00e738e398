import { Button } from '@mantine/core';
import { useCan, useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';

/** Lets a failed event be matched again with the subscriptions as they are now. A refusal is told in a notice. */
export function RetryEvent({ id }: { id: string }) {
  const may = useCan('events:write');
  const retry = useChange(() => api.post(`/v1/events/${id}/retry`), {
    touches: ['/v1/events', '/rest/v1/events'],
    tells: 'The event is matched again',
  });
  if (!may) return null;
  return (
    <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate(undefined)}>
      Retry event
    </Button>
  );
}
