import { Badge, Button, Group, Menu, NativeSelect, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDots, IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useCan, useChange, useMe, useRows } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { type Me, type Member, type MemberRole, memberRoles, roleRank } from '../../api/types.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { IconMenu } from '../../parts/icon-menu.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { InviteMember } from './invite-member.tsx';

const touches = ['/v1/members', '/v1/me'];

/** Who belongs to the organization, and as what. */
export function Members() {
  const me = useMe();
  const members = useRows<Member>('/v1/members');
  const mayWrite = useCan('members:write');
  const [isInviting, setInviting] = useState(false);
  const [removing, setRemoving] = useState<Member>();
  const remove = useChange(({ user_id }: Member) => api.delete(`/v1/members/${user_id}`), { touches });
  const columns: Column<Member>[] = [
    {
      id: 'name',
      title: 'Name',
      width: 'minmax(12rem, 2fr)',
      render: (member) => (
        <Group gap="xs" wrap="nowrap">
          <Text inherit truncate fw={600}>
            {member.display_name || member.email}
          </Text>
          {member.user_id === me.user?.id ? <Badge color="gray">you</Badge> : null}
        </Group>
      ),
    },
    { id: 'email', title: 'E-mail', width: 'minmax(12rem, 2fr)', render: (member) => member.email },
    {
      id: 'role',
      title: 'Role',
      width: '9rem',
      render: (member) => (mayWrite && mayChange(me, member) ? <RoleSelect member={member} me={me} /> : member.role),
    },
    { id: 'since', title: 'Since', width: '9rem', render: (member) => <Time at={member.created_at} /> },
  ];
  if (mayWrite) {
    columns.push({
      id: 'actions',
      title: 'Actions',
      width: '6rem',
      align: 'end',
      render: (member) =>
        mayChange(me, member) ? (
          <IconMenu icon={IconDots} label={`Actions for ${member.email}`}>
            <Menu.Item c="var(--mantine-color-error)" onClick={() => setRemoving(member)}>
              Remove …
            </Menu.Item>
          </IconMenu>
        ) : null,
    });
  }
  return (
    <>
      <PageHeader
        title="Members"
        description="Owners and admins run the organization, members work in it, viewers look."
        actions={
          mayWrite ? (
            <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setInviting(true)}>
              Invite a member
            </Button>
          ) : null
        }
      />
      <DataTable
        label="Members"
        columns={columns}
        source={members}
        rowKey={(member) => member.id}
        empty={<EmptyState title="Nobody is here" />}
      />
      {isInviting ? <InviteMember onClose={() => setInviting(false)} /> : null}
      {removing ? (
        <Confirm
          title="Remove this member?"
          action="Remove"
          onClose={() => setRemoving(undefined)}
          onConfirm={async () => {
            await remove.mutateAsync(removing);
            notifications.show({ message: `${removing.email} was removed.` });
          }}
        >
          <b>{removing.email}</b> no longer gets in, and their keys here stop at once. What they made stays.
        </Confirm>
      ) : null}
    </>
  );
}

/** Nobody changes somebody above them, and nobody themselves here: leaving is in the preferences. */
function mayChange(me: Me, member: Member): boolean {
  const own = roleRank(me.organization?.role);
  return member.user_id !== me.user?.id && roleRank(member.role) >= own;
}

function RoleSelect({ member, me }: { member: Member; me: Me }) {
  const change = useChange((role: MemberRole) => api.patch<Member>(`/v1/members/${member.user_id}`, { role }), {
    touches,
    tells: ({ role }) => `${member.email} is now ${role}.`,
  });
  return (
    <NativeSelect
      size="xs"
      aria-label={`Role of ${member.email}`}
      data={memberRoles.slice(roleRank(me.organization?.role))}
      value={change.variables && change.isPending ? change.variables : member.role}
      disabled={change.isPending}
      onChange={(event) => change.mutate(event.currentTarget.value as MemberRole)}
    />
  );
}
