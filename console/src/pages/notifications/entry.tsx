import { ActionIcon, Anchor, Group, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { PlainText } from '../../parts/plain-text.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './notifications.module.css';
import { type Notification, path } from './types.ts';

interface EntryProps {
  readonly notification: Notification;
  readonly mayMark: boolean;
  readonly maySeeEvent: boolean;
}

/** The button goes away: the keyboard goes on at the next entry's, or at the list. */
function focusAfter(button: HTMLElement): void {
  const next = button.closest('li')?.nextElementSibling?.querySelector('button') ?? button.closest('ol');
  next?.focus();
}

/** As the server bounds a body. */
const body_chars = 2_000;

export function Entry({ notification, mayMark, maySeeEvent }: EntryProps) {
  const { id, title, body, event_id, event_type, created_at, read_at } = notification;
  const isUnread = read_at === null;
  const mark = useChange(() => api.post(`${path}/${id}/read`), { touches: [path], tells: 'Marked as read' });
  // who looks at what it is about has read it; a refusal stays untold, since they are on their way
  const seen = useChange(() => api.post(`${path}/${id}/read`), { touches: [path] });
  return (
    <li className={styles['entry']} data-unread={isUnread || undefined}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="sm">
        <div className={styles['text']}>
          <Text fw={isUnread ? 600 : 400} size="sm" component="h2">
            {isUnread ? <VisuallyHidden>Unread: </VisuallyHidden> : null}
            <PlainText text={title} />
          </Text>
          {body === null ? null : (
            <Text size="sm" mt={2}>
              <PlainText text={body} chars={body_chars} />
            </Text>
          )}
          <Text size="xs" c="dimmed" mt={4}>
            <Time at={created_at} />
            {', '}
            {maySeeEvent ? (
              <Anchor
                component={Link}
                to={`/events/${event_id}`}
                size="xs"
                onClick={() => {
                  if (isUnread && mayMark) seen.mutate();
                }}
              >
                <PlainText text={event_type} chars={200} />
              </Anchor>
            ) : (
              <PlainText text={event_type} chars={200} />
            )}
          </Text>
        </div>
        {isUnread && mayMark ? (
          <Tooltip label="Mark as read">
            <ActionIcon
              variant="subtle"
              aria-label={`Mark as read: ${title.slice(0, 80)}`}
              onClick={({ currentTarget }) => {
                focusAfter(currentTarget);
                mark.mutate();
              }}
            >
              <IconCheck size={18} />
            </ActionIcon>
          </Tooltip>
        ) : null}
      </Group>
    </li>
  );
}
