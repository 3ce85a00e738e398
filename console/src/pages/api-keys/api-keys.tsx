import { Button, Code, Group, Menu, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { useCan, useChange, useRows } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import type { ApiKey, NewApiKey } from '../../api/types.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { IconMenu } from '../../parts/icon-menu.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { NewKey } from './new-key.tsx';
import { RotateKey } from './rotate-key.tsx';
import { ShownOnce } from './shown-once.tsx';

type Open = { kind: 'revoke' | 'rotate'; key: ApiKey } | { kind: 'shown'; key: NewApiKey };

/** The organization's keys for administrators, one's own for others. */
export function ApiKeys() {
  const keys = useRows<ApiKey>('/v1/api-keys');
  const mayWrite = useCan('api_keys:write');
  const [search, setSearch] = useSearchParams();
  const [open, setOpen] = useState<Open>();
  const isNew = mayWrite && search.has('new');
  const setNew = (on: boolean) => setSearch(on ? { new: '' } : {}, { replace: true });
  const revoke = useChange((key: ApiKey) => api.delete(`/v1/api-keys/${key.id}`), { touches: ['/v1/api-keys'] });
  const close = () => setOpen(undefined);

  const columns: Column<ApiKey>[] = [
    {
      id: 'name',
      title: 'Name',
      width: 'minmax(11rem, 2fr)',
      render: (key) => (
        <Text inherit truncate fw={600}>
          {key.name}
        </Text>
      ),
    },
    { id: 'key', title: 'Ends in', width: '7rem', render: (key) => <Code>…{key.last4}</Code> },
    { id: 'state', title: 'State', width: '7rem', render: (key) => <StatusBadge status={stateOf(key)} /> },
    { id: 'role', title: 'Role', width: '7rem', render: (key) => key.role },
    { id: 'scopes', title: 'Scopes', render: (key) => <span title={key.scopes.join(' ')}>{scopesInWords(key)}</span> },
    { id: 'used', title: 'Last used', width: '9rem', render: (key) => <Time at={key.last_used_at} /> },
    { id: 'expires', title: 'Expires', width: '9rem', render: (key) => <Time at={key.expires_at} /> },
  ];
  if (mayWrite) {
    columns.push({
      id: 'actions',
      title: 'Actions',
      width: '6rem',
      align: 'end',
      render: (key) =>
        key.revoked_at === null ? (
          <IconMenu icon={IconDots} label={`Actions for ${key.name}`}>
            <Menu.Item onClick={() => setOpen({ kind: 'rotate', key })}>Rotate …</Menu.Item>
            <Menu.Item c="var(--mantine-color-error)" onClick={() => setOpen({ kind: 'revoke', key })}>
              Revoke …
            </Menu.Item>
          </IconMenu>
        ) : null,
    });
  }
  const newButton = mayWrite ? (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setNew(true)}>
      New key
    </Button>
  ) : null;

  return (
    <>
      <PageHeader
        title="API keys"
        description="Programs send a key as a bearer token. A key is shown once, when it is made."
        actions={newButton}
      />
      <DataTable
        label="API keys"
        columns={columns}
        source={keys}
        rowKey={(key) => key.id}
        empty={
          <EmptyState title="No API keys yet" action={newButton}>
            A key lets a program act here in your name, or in the organization's.
          </EmptyState>
        }
      />
      {isNew ? <NewKey onClose={() => setNew(false)} onMade={(key) => setOpen({ kind: 'shown', key })} /> : null}
      {open?.kind === 'shown' ? <ShownOnce made={open.key} onClose={close} /> : null}
      {open?.kind === 'rotate' ? (
        <RotateKey apiKey={open.key} onClose={close} onMade={(key) => setOpen({ kind: 'shown', key })} />
      ) : null}
      {open?.kind === 'revoke' ? (
        <Confirm
          title="Revoke this key?"
          action="Revoke"
          onClose={close}
          onConfirm={async () => {
            await revoke.mutateAsync(open.key);
            notifications.show({ message: `${open.key.name} was revoked.` });
          }}
        >
          <Group gap={4}>
            Programs with <b>{open.key.name}</b> (…{open.key.last4}) are refused from then on. This can not be undone.
          </Group>
        </Confirm>
      ) : null}
    </>
  );
}

function stateOf(key: ApiKey): string {
  if (key.revoked_at !== null) return 'revoked';
  return key.expires_at !== null && new Date(key.expires_at) <= new Date() ? 'expired' : 'active';
}

function scopesInWords({ scopes }: ApiKey): string {
  return scopes.includes('*') ? 'everything its role may' : scopes.join(' ');
}
