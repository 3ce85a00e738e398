import { ActionIcon, AppShell, Burger, Group, Kbd, NavLink, ScrollArea, Text, UnstyledButton } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { Outlet, NavLink as RouterNavLink, useLocation } from 'react-router';
import { useMe } from '../api/hooks.ts';
import { headerParts, navigationFor } from './areas.ts';
import { CommandPalette } from './command-palette.tsx';
import { OrganizationSwitcher } from './organization-switcher.tsx';
import { PersonMenu } from './person-menu.tsx';
import { useDensity } from './preferences.ts';

/** The frame around every page: switcher, search and person above, the places at the side. */
export function Shell() {
  // on a small screen the navigation is open on the page it was opened on, and closed on the next
  const [openOn, setOpenOn] = useState<string>();
  const [density] = useDensity();
  const { pathname } = useLocation();
  const isOpen = openOn === pathname;
  const toggle = () => setOpenOn(isOpen ? undefined : pathname);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={density === 'compact' ? 'sm' : 'lg'}
    >
      <a className="skip-link" href="#main">
        Skip to the page
      </a>
      <AppShell.Header bg="var(--plinth-surface)">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <OrganizationSwitcher />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SearchButton />
            {headerParts.map(({ folder, header: Part }) => (
              <Part key={folder} />
            ))}
            <PersonMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar bg="var(--plinth-surface)" aria-label="Places">
        <Places isCompact={density === 'compact'} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      <CommandPalette />
    </AppShell>
  );
}

function Places({ isCompact }: { isCompact: boolean }) {
  const { permissions } = useMe();
  return (
    <ScrollArea p="xs" h="100%">
      {navigationFor(permissions).map(({ group, items }) => (
        <section key={group} aria-label={group}>
          <Text size="xs" fw={600} c="dimmed" px="sm" pt="md" pb={4}>
            {group}
          </Text>
          {items.map(({ to, label, icon: Icon, badge: Waiting }) => (
            <NavLink
              key={to}
              component={RouterNavLink}
              to={to}
              end={to === '/'}
              label={label}
              py={isCompact ? 4 : 7}
              leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
              rightSection={Waiting ? <Waiting /> : undefined}
              variant="light"
              style={{ borderRadius: 'var(--mantine-radius-sm)' }}
            />
          ))}
        </section>
      ))}
    </ScrollArea>
  );
}

function SearchButton() {
  return (
    <>
      <UnstyledButton visibleFrom="sm" onClick={spotlight.open} className="surface" px="sm" py={4}>
        <Group gap="lg">
          <Group gap={6}>
            <IconSearch size={15} aria-hidden />
            <Text size="sm" c="dimmed">
              Search
            </Text>
          </Group>
          <Kbd size="xs">Ctrl K</Kbd>
        </Group>
      </UnstyledButton>
      <ActionIcon hiddenFrom="sm" variant="subtle" size="lg" aria-label="Search" onClick={spotlight.open}>
        <IconSearch size={18} />
      </ActionIcon>
    </>
  );
}
