import { Button, Group, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { useChange, useMe } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { ProblemAlert } from '../../parts/states.tsx';
import { Section } from './preferences.tsx';

export function Profile() {
  const { user } = useMe();
  const [fields, setFields] = useState({ full_name: user?.full_name ?? '', timezone: user?.timezone ?? '' });
  const save = useChange((input: typeof fields) => api.patch('/v1/me', input), { touches: ['/v1/me', '/v1/members'] });
  const errors = save.error ? fieldErrors(save.error, ['full_name', 'timezone']) : {};
  async function submit(event: FormEvent) {
    event.preventDefault();
    await save.mutateAsync(fields);
    notifications.show({ message: 'Saved.' });
  }
  return (
    <Section title="Profile">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack>
          {save.error && Object.keys(errors).length === 0 ? <ProblemAlert problem={save.error} /> : null}
          <TextInput label="E-mail" value={user?.email ?? ''} readOnly />
          <TextInput
            label="Name"
            maxLength={200}
            autoComplete="name"
            error={errors['full_name']}
            value={fields.full_name}
            onChange={({ currentTarget: { value } }) => setFields((before) => ({ ...before, full_name: value }))}
          />
          <TextInput
            label="Time zone"
            maxLength={64}
            required
            error={errors['timezone']}
            value={fields.timezone}
            onChange={({ currentTarget: { value } }) => setFields((before) => ({ ...before, timezone: value }))}
          />
          <Group>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
