import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useCan, useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';

/** Lets a failed event be matched again with the subscriptions as they are now. A refusal is told in a notice. */
export function RetryEvent({ id }: { id: string }) {
  const may = useCan('events:write');
  const retry = useChange(() => api.post(`/v1/events/${id}/retry`), { touches: ['/v1/events', '/rest/v1/events'] });
  if (!may) return null;
  const run = () =>
    retry.mutate(undefined, {
      onSuccess: () => notifications.show({ message: 'The event is matched again' }),
      onError: (problem) =>
        notifications.show({ color: 'red', title: problem.title, message: problem.hint ?? problem.detail }),
    });
  return (
    <Button variant="default" loading={retry.isPending} onClick={run}>
      Retry event
    </Button>
  );
}
