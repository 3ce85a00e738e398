import { Button, Menu, Text } from '@mantine/core';
import { IconCheck, IconPlus, IconSelector } from '@tabler/icons-react';
import { useMe } from '../api/hooks.ts';
import { choosePath, goTo, goToOrganization } from './place.ts';

/** Which organization the page is about, and the others one may go to. */
export function OrganizationSwitcher() {
  const { organization, organizations } = useMe();
  const live = organizations.filter((one) => one.deleted_at === null);
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          c="var(--mantine-color-text)"
          px="xs"
          rightSection={<IconSelector size={16} aria-hidden />}
          aria-label={`Organization: ${organization?.name ?? 'none'}`}
        >
          <Text fw={650} truncate maw="40vw">
            {organization?.name ?? 'Plinth'}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Organizations</Menu.Label>
        {live.map(({ id, name, slug }) => (
          <Menu.Item
            key={id}
            onClick={() => goToOrganization(slug)}
            leftSection={id === organization?.id ? <IconCheck size={16} aria-label="current" /> : <span />}
          >
            <Text size="sm" truncate>
              {name}
            </Text>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={() => goTo(choosePath)}>
          New or deleted organization
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
