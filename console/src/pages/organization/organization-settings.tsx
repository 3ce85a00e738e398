import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { useCan, useChange, useRead } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import type { Organization } from '../../api/types.ts';
import { choosePath, goTo, goToOrganization } from '../../app/place.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { ErrorState, LoadingState, ProblemAlert } from '../../parts/states.tsx';

/** Name and address of the organization, and its end. */
export function OrganizationSettings() {
  const organization = useRead<Organization>('/v1/organization');
  const mayDelete = useCan('organization:delete');
  return (
    <>
      <PageHeader title="Settings" description="Of the organization; your own are under Preferences." />
      {organization.isPending ? <LoadingState /> : null}
      {organization.error ? (
        <ErrorState error={organization.error} onRetry={() => void organization.refetch()} />
      ) : null}
      {organization.data ? (
        <Stack maw="36rem" gap="xl">
          <Names organization={organization.data} />
          {mayDelete ? <Deletion organization={organization.data} /> : null}
        </Stack>
      ) : null}
    </>
  );
}

function Names({ organization }: { organization: Organization }) {
  const mayWrite = useCan('organization:write');
  const [fields, setFields] = useState({ name: organization.name, slug: organization.slug });
  const save = useChange((input: typeof fields) => api.patch<Organization>('/v1/organization', input), {
    touches: ['/v1/organization', '/v1/me'],
  });
  const errors = save.error ? fieldErrors(save.error, ['name', 'slug']) : {};
  async function submit(event: FormEvent) {
    event.preventDefault();
    const saved = await save.mutateAsync(fields);
    // every address holds the slug
    if (saved.slug !== organization.slug) goToOrganization(saved.slug, '/settings');
    else notifications.show({ message: 'Saved.' });
  }
  return (
    <form onSubmit={(event) => void submit(event).catch(() => undefined)} className="surface">
      <Stack p="lg">
        {save.error && Object.keys(errors).length === 0 ? <ProblemAlert problem={save.error} /> : null}
        <TextInput
          label="Name"
          maxLength={200}
          required
          readOnly={!mayWrite}
          error={errors['name']}
          value={fields.name}
          onChange={({ currentTarget: { value } }) => setFields((before) => ({ ...before, name: value }))}
        />
        <TextInput
          label="Slug"
          description="In every address of the console, and in Plinth-Organization. Old links stop working when it changes."
          maxLength={63}
          required
          readOnly={!mayWrite}
          error={errors['slug']}
          value={fields.slug}
          onChange={({ currentTarget: { value } }) => setFields((before) => ({ ...before, slug: value }))}
        />
        {mayWrite ? (
          <Group>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            Owners and admins can change this.
          </Text>
        )}
      </Stack>
    </form>
  );
}

function Deletion({ organization }: { organization: Organization }) {
  const [isAsking, setAsking] = useState(false);
  const remove = useChange(() => api.delete('/v1/organization'), { touches: [] });
  return (
    <Stack p="lg" className="surface" align="flex-start">
      <Title order={2} fz="h4">
        Delete the organization
      </Title>
      <Text size="sm">Nobody gets in any more and its keys stop. An owner can recover it for 30 days.</Text>
      <Button color="red.9" onClick={() => setAsking(true)}>
        Delete …
      </Button>
      {isAsking ? (
        <Confirm
          title={`Delete ${organization.name}?`}
          action="Delete the organization"
          typed={organization.slug}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await remove.mutateAsync(undefined);
            goTo(choosePath);
          }}
        >
          Everything in it becomes unreachable at once: projects, events, tasks, keys. After 30 days it is gone for
          good.
        </Confirm>
      ) : null}
    </Stack>
  );
}
