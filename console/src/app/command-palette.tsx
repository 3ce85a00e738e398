import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { IconBuilding, IconLogout, IconMoon, IconRowInsertTop, IconSearch, IconSun } from '@tabler/icons-react';
import { useNavigate } from 'react-router';
import { useMe } from '../api/hooks.ts';
import { navigationFor } from './areas.ts';
import { goToOrganization } from './place.ts';
import { useDensity } from './preferences.ts';
import { signOut } from './sign-out.ts';

/** Every place and the few actions that belong to no place, by name: Ctrl K, Cmd K or /. */
export function CommandPalette() {
  const navigate = useNavigate();
  const me = useMe();
  const { setColorScheme } = useMantineColorScheme();
  const [density, setDensity] = useDensity();
  const places: SpotlightActionData[] = navigationFor(me.permissions).flatMap(({ items }) =>
    items.map(({ to, label, keywords, icon: Icon }) => ({
      id: to,
      label,
      keywords: [...(keywords ?? [])],
      leftSection: <Icon size={18} aria-hidden />,
      onClick: () => void navigate(to),
    })),
  );
  const organizations: SpotlightActionData[] = me.organizations
    .filter((one) => one.deleted_at === null && one.id !== me.organization?.id)
    .map(({ id, name, slug }) => ({
      id,
      label: `Go to ${name}`,
      keywords: ['organization', slug],
      leftSection: <IconBuilding size={18} aria-hidden />,
      onClick: () => goToOrganization(slug),
    }));
  const other = density === 'compact' ? 'comfortable' : 'compact';
  const actions: SpotlightActionData[] = [
    action('light', 'Light theme', <IconSun size={18} aria-hidden />, () => setColorScheme('light')),
    action('dark', 'Dark theme', <IconMoon size={18} aria-hidden />, () => setColorScheme('dark')),
    action('density', `Rows ${other}`, <IconRowInsertTop size={18} aria-hidden />, () => setDensity(other)),
    action('sign-out', 'Sign out', <IconLogout size={18} aria-hidden />, () => void signOut()),
  ];
  return (
    <Spotlight
      shortcut={['mod + K', '/']}
      actions={[
        { group: 'Places', actions: places },
        ...(organizations.length > 0 ? [{ group: 'Organizations', actions: organizations }] : []),
        { group: 'Actions', actions },
      ]}
      nothingFound="Nothing is called so"
      scrollable
      maxHeight={420}
      searchProps={{
        placeholder: 'Where to, or what?',
        'aria-label': 'Where to, or what?',
        leftSection: <IconSearch size={18} aria-hidden />,
      }}
    />
  );
}

function action(id: string, label: string, leftSection: React.ReactNode, onClick: () => void): SpotlightActionData {
  return { id, label, leftSection, onClick };
}
