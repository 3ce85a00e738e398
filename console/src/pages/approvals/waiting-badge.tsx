import { Badge, VisuallyHidden } from '@mantine/core';
import { useMe } from '../../api/hooks.ts';
import { counted_max, useWaitingForMe } from './types.ts';

/** How many approvals wait for this person; nothing while none does. */
export function WaitingBadge() {
  const me = useMe().user?.id;
  const { data } = useWaitingForMe();
  const count = data?.data.filter(({ votes }) => !votes.some(({ user_id }) => user_id === me)).length ?? 0;
  if (count === 0) return null;
  return (
    <Badge color="yellow" size="sm">
      {count}
      {data?.next_cursor === null ? '' : `${count === counted_max ? '+' : ''}`}
      <VisuallyHidden> wait for you</VisuallyHidden>
    </Badge>
  );
}
