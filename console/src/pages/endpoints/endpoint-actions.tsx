import { Button, Menu, NativeSelect, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDotsVertical } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { forget, refresh, useChange, useRead } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { IconMenu } from '../../parts/icon-menu.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { touchedOf, useOut } from './out.tsx';
import { RotateSecret, SecretShownOnce } from './secret.tsx';
import type { DeliveryCounts, Endpoint, EndpointShownOnce } from './types.ts';

type Open =
  | { readonly kind: 'recover' | 'rotate' | 'disable' | 'delete' }
  | { readonly kind: 'shown'; readonly made: EndpointShownOnce };

/** What can be done with an endpoint; nothing for who may only look. */
export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const out = useOut();
  const navigate = useNavigate();
  const path = `${out.endpoints}/${endpoint.id}`;
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const test = useChange(() => api.post<{ delivery_id: string }>(`${path}/test`), {
    touches: touchedOf(out),
    tells: 'A test event is on its way',
  });
  const enable = useChange(() => api.post(`${path}/enable`), {
    touches: touchedOf(out),
    tells: 'The endpoint is on; what died meanwhile can be sent again',
  });
  return (
    <>
      {out.mayManage && endpoint.is_active ? (
        <Button
          loading={test.isPending}
          onClick={() =>
            test.mutate(undefined, { onSuccess: ({ delivery_id }) => void navigate(`/deliveries/${delivery_id}`) })
          }
        >
          Send a test event
        </Button>
      ) : null}
      {out.mayManage && !endpoint.is_active ? (
        <Button loading={enable.isPending} onClick={() => enable.mutate(undefined)}>
          Enable
        </Button>
      ) : null}
      {out.maySend && endpoint.is_active ? (
        <Button variant="default" onClick={() => setOpen({ kind: 'recover' })}>
          Recover
        </Button>
      ) : null}
      {out.mayManage ? (
        <>
          <Button variant="default" component={Link} to={`/endpoints/${endpoint.id}/edit`}>
            Edit
          </Button>
          <IconMenu icon={IconDotsVertical} label="More">
            <Menu.Item onClick={() => setOpen({ kind: 'rotate' })}>Rotate the secret</Menu.Item>
            {endpoint.is_active ? <Menu.Item onClick={() => setOpen({ kind: 'disable' })}>Disable</Menu.Item> : null}
            <Menu.Item onClick={() => setOpen({ kind: 'delete' })}>Delete</Menu.Item>
          </IconMenu>
        </>
      ) : null}
      {open?.kind === 'recover' ? <Recover endpoint={endpoint} onClose={close} /> : null}
      {open?.kind === 'rotate' ? (
        <RotateSecret endpoint={endpoint} onClose={close} onMade={(made) => setOpen({ kind: 'shown', made })} />
      ) : null}
      {open?.kind === 'shown' ? <SecretShownOnce made={open.made} onClose={close} /> : null}
      {open?.kind === 'disable' ? <Disable endpoint={endpoint} onClose={close} /> : null}
      {open?.kind === 'delete' ? <Delete endpoint={endpoint} onClose={close} /> : null}
    </>
  );
}

interface DialogProps {
  readonly endpoint: Endpoint;
  readonly onClose: () => void;
}

function Disable({ endpoint, onClose }: DialogProps) {
  const out = useOut();
  const disable = useChange(() => api.post(`${out.endpoints}/${endpoint.id}/disable`), { touches: touchedOf(out) });
  return (
    <Confirm
      title="Disable this endpoint?"
      action="Disable"
      onConfirm={() => disable.mutateAsync(undefined)}
      onClose={onClose}
    >
      Nothing is sent there any more. What waits, and what comes meanwhile, is dead; it can be sent again once the
      endpoint is on.
    </Confirm>
  );
}

function Delete({ endpoint: { id, url }, onClose }: DialogProps) {
  const out = useOut();
  const navigate = useNavigate();
  const client = useQueryClient();
  async function remove() {
    const path = `${out.endpoints}/${id}`;
    await api.delete(path);
    forget(client, path);
    await navigate('/endpoints', { replace: true });
    await refresh(client, touchedOf(out));
  }
  return (
    <Confirm title="Delete this endpoint?" action="Delete" onConfirm={remove} onClose={onClose}>
      Nothing is sent to <PlainText text={url} chars={200} /> any more
      {out.isPortal ? '' : ', and subscriptions to it alone are deleted too'}. Its deliveries stay in the log. This can
      not be undone.
    </Confirm>
  );
}

const ranges = [
  { value: '1', label: 'in the last hour' },
  { value: '24', label: 'in the last 24 hours' },
  { value: '168', label: 'in the last 7 days' },
  { value: '720', label: 'in the last 30 days' },
];
/** What one call sends again at most. */
const retried_max = 10_000;

/** Sends again what died since a time, for an endpoint that is up again. */
function Recover({ endpoint, onClose }: DialogProps) {
  const out = useOut();
  const client = useQueryClient();
  const [hours, setHours] = useState('24');
  const [now] = useState(Date.now);
  const since = new Date(now - Number(hours) * 3_600_000).toISOString();
  const counts = useRead<DeliveryCounts>(
    '/v1/event-delivery-statistics',
    { by: 'endpoint', endpoint_id: endpoint.id, since },
    { enabled: !out.isPortal },
  );
  const dead = counts.data ? (counts.data.data[0]?.dead ?? 0) : undefined;
  async function recover() {
    const filter = { endpoint_id: endpoint.id, status: 'dead', since };
    const { retried } = await api.post<{ retried: number }>(`${out.deliveries}/retry`, filter);
    const more = retried === retried_max ? '; there may be more: recover again' : '';
    notifications.show({ message: `${said(retried)} sent again${more}` });
    await refresh(client, touchedOf(out));
  }
  return (
    <Confirm
      title="Send failed deliveries again?"
      action={dead === undefined ? 'Send again' : `Send ${dead.toLocaleString('en')} again`}
      isDestructive={false}
      isReady={dead !== 0}
      onConfirm={recover}
      onClose={onClose}
    >
      <Stack gap="sm">
        <span>
          Deliveries that died are sent from the first attempt, the oldest first, under the same event ids: a receiver
          that keeps ids does nothing twice.
        </span>
        <NativeSelect
          label="Made"
          data={ranges}
          data-autofocus
          value={hours}
          onChange={(event) => setHours(event.currentTarget.value)}
        />
        {dead === undefined ? null : <span role="status">{said(dead)} died in that time.</span>}
      </Stack>
    </Confirm>
  );
}

const said = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'delivery' : 'deliveries'}`;
