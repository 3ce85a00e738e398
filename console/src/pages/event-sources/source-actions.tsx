import { Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { forget, refresh, useCan, useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { RenameSource } from './rename-source.tsx';
import { RotateSecret } from './rotate-secret.tsx';
import { ShownOnce } from './shown-once.tsx';
import { type EventSource, type SourceShownOnce, touchedBySources } from './types.ts';

type Open = { kind: 'rename' | 'rotate' | 'pause' | 'delete' } | { kind: 'shown'; made: SourceShownOnce };

/** What may be done with a source: a test for who may send events, the rest for administrators. */
export function SourceActions({ source, path }: { source: EventSource; path: string }) {
  const mayWrite = useCan('event_sources:write');
  const maySend = useCan('events:write');
  const [open, setOpen] = useState<Open>();
  const setActive = useChange((is_active: boolean) => api.patch(path, { is_active }), {
    touches: touchedBySources,
    tells: (_, isActive) => (isActive ? 'The source receives again' : 'The source is paused'),
  });
  return (
    <>
      {maySend && source.is_active ? <TestEvent path={path} /> : null}
      {mayWrite ? (
        <>
          {source.is_active ? null : (
            <Button variant="default" loading={setActive.isPending} onClick={() => setActive.mutate(true)}>
              Resume
            </Button>
          )}
          <Menu position="bottom-end" width={200}>
            <Menu.Target>
              <Button variant="default">Change</Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => setOpen({ kind: 'rotate' })}>New secret …</Menu.Item>
              <Menu.Item onClick={() => setOpen({ kind: 'rename' })}>Rename …</Menu.Item>
              {source.is_active ? <Menu.Item onClick={() => setOpen({ kind: 'pause' })}>Pause …</Menu.Item> : null}
              <Menu.Item c="var(--mantine-color-error)" onClick={() => setOpen({ kind: 'delete' })}>
                Delete …
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      ) : null}
      {open ? <Dialog open={open} source={source} path={path} setOpen={setOpen} /> : null}
    </>
  );
}

interface DialogProps {
  readonly open: Open;
  readonly source: EventSource;
  readonly path: string;
  readonly setOpen: (open: Open | undefined) => void;
}

function Dialog({ open, source, path, setOpen }: DialogProps) {
  const close = () => setOpen(undefined);
  const navigate = useNavigate();
  const client = useQueryClient();
  async function pause() {
    await api.patch(path, { is_active: false });
    await refresh(client, touchedBySources);
    notifications.show({ message: 'The source is paused' });
  }
  async function remove() {
    await api.delete(path);
    forget(client, path);
    await navigate('/event-sources', { replace: true });
    await refresh(client, touchedBySources);
  }
  const name = <PlainText text={source.name} chars={200} />;
  if (open.kind === 'rename') return <RenameSource source={source} onClose={close} />;
  if (open.kind === 'shown') return <ShownOnce title="The new secret" made={open.made} onClose={close} />;
  if (open.kind === 'rotate') {
    return <RotateSecret source={source} onClose={close} onMade={(made) => setOpen({ kind: 'shown', made })} />;
  }
  if (open.kind === 'pause') {
    return (
      <Confirm title="Pause this source?" action="Pause" onConfirm={pause} onClose={close}>
        What {name} sends meanwhile is refused, as if the address were not there. Many senders try again for some hours;
        GitHub does not.
      </Confirm>
    );
  }
  return (
    <Confirm title="Delete this source?" action="Delete" typed={source.name} onConfirm={remove} onClose={close}>
      Its address is gone for good, and {name} can send nothing more. Its events stay.
    </Confirm>
  );
}

/** Receives a sample as the sender would send it, and shows what becomes of it. */
function TestEvent({ path }: { path: string }) {
  const navigate = useNavigate();
  const test = useChange(() => api.post<{ event_id: string }>(`${path}/test`), {
    touches: ['/v1/events', ...touchedBySources],
    tells: 'A test event was signed, sent and received',
  });
  return (
    <Button
      loading={test.isPending}
      onClick={() => test.mutate(undefined, { onSuccess: ({ event_id }) => void navigate(`/events/${event_id}`) })}
    >
      Send a test event
    </Button>
  );
}
