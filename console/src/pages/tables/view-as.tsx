import { Alert, NativeSelect, Text } from '@mantine/core';
import { useMe } from '../../api/hooks.ts';
import { memberRoles, roleRank } from '../../api/types.ts';
import { plainText } from '../../parts/plain-text.tsx';
import { usePeople } from '../projects/use-people.ts';

interface ViewAsProps {
  readonly as: string;
  readonly onChange: (as: string) => void;
}

/** Owners and administrators choose a member or a role, not above their own, whose view they want. */
export function ViewAs({ as, onChange }: ViewAsProps) {
  const { organization, user } = useMe();
  const { members } = usePeople();
  const own = organization?.role;
  if (own !== 'owner' && own !== 'admin') return null;
  const below = members.filter(({ user_id, role }) => user_id !== user?.id && roleRank(role) >= roleRank(own));
  const people = below.map(({ user_id: value, display_name, email, role }) => ({
    value,
    label: `${plainText(display_name || email, 80)} (${role})`,
  }));
  const roles = [...memberRoles.slice(roleRank(own)), 'service'].map((role) => ({
    value: role,
    label: `Any ${role}`,
  }));
  const known = [...roles, ...people].some(({ value }) => value === as);
  return (
    <NativeSelect
      label="View as"
      maw="16rem"
      value={as}
      data={[
        { value: '', label: 'Yourself' },
        { group: 'Roles', items: roles },
        ...(people.length > 0 ? [{ group: 'Members', items: people }] : []),
        ...(as === '' || known ? [] : [{ value: as, label: as }]),
      ]}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Says that what is shown is not one's own view. */
export function ViewAsNotice({ as }: { as: string }) {
  const { nameOf } = usePeople();
  if (as === '') return null;
  const isRole = [...memberRoles, 'service'].some((role) => role === as);
  return (
    <Alert color="yellow" mb="sm" title={`Seen as ${plainText(isRole ? `any ${as}` : (nameOf(as) ?? as), 80)}`}>
      <Text size="sm" c="var(--mantine-color-text)">
        Only what you may see yourself, only to read, and without tables whose rows are one person's alone. It is in the
        audit log.
      </Text>
    </Alert>
  );
}
