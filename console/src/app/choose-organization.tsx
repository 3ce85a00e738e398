import { Badge, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useChange } from '../api/hooks.ts';
import { api } from '../api/request.ts';
import type { Me, OwnOrganization } from '../api/types.ts';
import { ProblemAlert } from '../parts/states.tsx';
import { FrontPage } from './front-page.tsx';
import { goToOrganization } from './place.ts';
import { signOut } from './sign-out.ts';

/** For somebody signed in who belongs to several organizations, or to none. */
export function ChooseOrganization({ me }: { me: Me }) {
  const leave = useChange(() => signOut(), { touches: [] });
  return (
    <FrontPage title="Your organizations">
      <Stack gap="xs">
        {me.organizations.map((one) => (
          <Choice key={one.id} organization={one} />
        ))}
        {me.organizations.length === 0 ? <Text>You belong to no organization yet. Make one below.</Text> : null}
      </Stack>
      <NewOrganization />
      {leave.error ? <ProblemAlert problem={leave.error} /> : null}
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {me.user?.email}
        </Text>
        <Button variant="subtle" onClick={() => leave.mutate(undefined)}>
          Sign out
        </Button>
      </Group>
    </FrontPage>
  );
}

function Choice({ organization }: { organization: OwnOrganization }) {
  const recover = useChange(() => api.post(`/v1/organizations/${organization.id}/recover`), { touches: ['/v1/me'] });
  if (organization.deleted_at === null) {
    return (
      <Button variant="default" justify="space-between" onClick={() => goToOrganization(organization.slug)}>
        {organization.name}
      </Button>
    );
  }
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text>
          {organization.name} <Badge color="red">deleted</Badge>
        </Text>
        {organization.role === 'owner' ? (
          <Button variant="subtle" loading={recover.isPending} onClick={() => recover.mutate(undefined)}>
            Recover
          </Button>
        ) : null}
      </Group>
      {recover.error ? <ProblemAlert problem={recover.error} /> : null}
    </Stack>
  );
}

function NewOrganization() {
  const [name, setName] = useState('');
  const make = useChange((input: { name: string }) => api.post<{ slug: string }>('/v1/organizations', input), {
    touches: [],
  });
  async function submit(event: FormEvent) {
    event.preventDefault();
    goToOrganization((await make.mutateAsync({ name })).slug);
  }
  return (
    <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
      <Stack gap="sm">
        {make.error ? <ProblemAlert problem={make.error} /> : null}
        <TextInput
          label="New organization"
          placeholder="Its name"
          maxLength={200}
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={make.isPending}>
          Make it
        </Button>
      </Stack>
    </form>
  );
}
