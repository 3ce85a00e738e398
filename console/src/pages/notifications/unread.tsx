import { ActionIcon, Badge, Indicator, VisuallyHidden } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useCan } from '../../api/hooks.ts';
import { countText, useUnread } from './types.ts';

/** How many notifications are unread; nothing while none is. */
export function UnreadBadge() {
  const unread = useUnread().data?.unread ?? 0;
  if (unread === 0) return null;
  return (
    <Badge color="blue" size="sm">
      {countText(unread)}
      <VisuallyHidden> unread</VisuallyHidden>
    </Badge>
  );
}

/** The bell in the frame: the way to one's notifications, with a mark while some are unread. */
export function Bell() {
  const may = useCan('notifications:read');
  const unread = useUnread().data?.unread ?? 0;
  if (!may) return null;
  return (
    <Indicator disabled={unread === 0} size={8} offset={7} color="red">
      <ActionIcon
        component={Link}
        to="/notifications"
        variant="subtle"
        size="lg"
        aria-label={unread === 0 ? 'Notifications' : `Notifications, ${countText(unread)} unread`}
      >
        <IconBell size={19} />
      </ActionIcon>
    </Indicator>
  );
}
