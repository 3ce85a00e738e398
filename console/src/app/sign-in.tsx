import { Alert, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import { fieldErrors } from '../api/problem.ts';
import { api } from '../api/request.ts';
import { ProblemAlert } from '../parts/states.tsx';
import { FrontPage } from './front-page.tsx';

/** E-mail and password; the address stays, so that afterwards the page is shown that was asked for. */
export function SignIn() {
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const firstRun = useRead<{ needed: boolean }>('/v1/first-run');
  const signIn = useChange((input: { email: string; password: string }) => api.post('/v1/sign-in', input), {
    touches: [],
  });

  async function submit(event: FormEvent) {
    event.preventDefault();
    await signIn.mutateAsync({ email, password });
    client.clear();
    await client.resetQueries({ queryKey: ['/v1/me'] });
    // what others saw in this browser is gone; the page begins anew where it is
    location.reload();
  }

  return (
    <FrontPage title="Sign in">
      {firstRun.data?.needed ? (
        <Alert title="Nobody administers this installation yet" color="yellow" role="note">
          Open the welcome link that the server printed when it started.
        </Alert>
      ) : null}
      {signIn.error ? <ProblemAlert problem={signIn.error} /> : null}
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack gap="md">
          <TextInput
            label="E-mail"
            type="email"
            name="email"
            autoComplete="username"
            maxLength={254}
            required
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            maxLength={1024}
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={signIn.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
      <Text size="sm" c="dimmed">
        No password yet, or forgotten? Somebody who runs this server can make you a one-time link: plinth members link
      </Text>
    </FrontPage>
  );
}

/** A one-time link was opened: it is used with the password chosen here. */
export function ChoosePassword({ token, onDone }: { token: string; onDone: () => void }) {
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const redeem = useChange((input: { token: string; password: string }) => api.post('/v1/sign-in/link', input), {
    touches: [],
  });
  const errors = redeem.error ? fieldErrors(redeem.error, ['password']) : {};

  async function submit(event: FormEvent) {
    event.preventDefault();
    await redeem.mutateAsync({ token, password });
    client.clear();
    onDone();
  }

  return (
    <FrontPage title="Choose a password">
      <Text>Your link works once. Choose a password; you are signed in with it at once.</Text>
      {redeem.error && !errors['password'] ? <ProblemAlert problem={redeem.error} /> : null}
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack gap="md">
          <PasswordInput
            label="New password"
            description="8 characters or more. Several unrelated words are good; spaces are fine."
            name="password"
            autoComplete="new-password"
            minLength={8}
            maxLength={1024}
            required
            autoFocus
            error={errors['password']}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={redeem.isPending}>
            Save and sign in
          </Button>
          {redeem.error ? (
            <Button variant="subtle" onClick={onDone}>
              Sign in with a password instead
            </Button>
          ) : null}
        </Stack>
      </form>
    </FrontPage>
  );
}
