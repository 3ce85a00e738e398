import { ActionIcon, Menu, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconBook, IconLogout, IconMoon, IconSettings, IconSun, IconUser } from '@tabler/icons-react';
import { Link } from 'react-router';
import { basePath } from '../api/base-path.ts';
import { useMe } from '../api/hooks.ts';
import { asProblem } from '../api/problem.ts';
import { signOut } from './sign-out.ts';

/** Who is signed in, their preferences and the way out. */
export function PersonMenu() {
  const { user } = useMe();
  const { setColorScheme } = useMantineColorScheme();
  // what is seen: by default the system decides
  const isDark = useComputedColorScheme('light') === 'dark';
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label="You">
          <IconUser size={19} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" truncate>
            {user?.full_name || user?.email}
          </Text>
          {user?.full_name ? (
            <Text size="xs" truncate>
              {user.email}
            </Text>
          ) : null}
        </Menu.Label>
        <Menu.Item component={Link} to="/preferences" leftSection={<IconSettings size={16} aria-hidden />}>
          Preferences and sessions
        </Menu.Item>
        <Menu.Item
          leftSection={isDark ? <IconSun size={16} aria-hidden /> : <IconMoon size={16} aria-hidden />}
          onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
        >
          {isDark ? 'Light theme' : 'Dark theme'}
        </Menu.Item>
        <Menu.Item component="a" href={`${basePath}/docs`} leftSection={<IconBook size={16} aria-hidden />}>
          API reference
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void leave()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

async function leave(): Promise<void> {
  try {
    await signOut();
  } catch (error) {
    const problem = asProblem(error);
    notifications.show({ color: 'red', title: 'You are still signed in', message: problem.message });
  }
}
