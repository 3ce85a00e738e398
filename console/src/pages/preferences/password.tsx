import { Button, Group, PasswordInput, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { useChange, useMe } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { ProblemAlert } from '../../parts/states.tsx';
import { Section } from './preferences.tsx';

const empty = { current_password: '', new_password: '' };

export function Password() {
  const { user } = useMe();
  const [fields, setFields] = useState(empty);
  const change = useChange((input: typeof empty) => api.put('/v1/me/password', input), { touches: ['/v1/sessions'] });
  const errors = change.error ? fieldErrors(change.error, ['current_password', 'new_password']) : {};
  async function submit(event: FormEvent) {
    event.preventDefault();
    await change.mutateAsync(fields);
    setFields(empty);
    notifications.show({ message: 'The password was changed. Your other sessions have ended.' });
  }
  return (
    <Section title="Password">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack>
          {change.error && Object.keys(errors).length === 0 ? <ProblemAlert problem={change.error} /> : null}
          <input type="hidden" name="username" autoComplete="username" value={user?.email ?? ''} readOnly />
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            maxLength={1024}
            required
            error={errors['current_password']}
            value={fields.current_password}
            onChange={({ currentTarget: { value } }) => setFields((before) => ({ ...before, current_password: value }))}
          />
          <PasswordInput
            label="New password"
            description="8 characters or more. Your other sessions end."
            autoComplete="new-password"
            minLength={8}
            maxLength={1024}
            required
            error={errors['new_password']}
            value={fields.new_password}
            onChange={({ currentTarget: { value } }) => setFields((before) => ({ ...before, new_password: value }))}
          />
          <Group>
            <Button type="submit" loading={change.isPending}>
              Change the password
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
