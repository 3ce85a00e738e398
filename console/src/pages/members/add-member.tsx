import { Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { useChange, useMe } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { type Member, memberRoles, roleRank } from '../../api/types.ts';
import { ProblemAlert } from '../../parts/states.tsx';

/** Adds a person by e-mail; without an account they get one. */
export function AddMember({ onClose }: { onClose: () => void }) {
  const { organization } = useMe();
  const [fields, setFields] = useState({ email: '', full_name: '', role: 'member' });
  const add = useChange((input: typeof fields) => api.post<Member>('/v1/members', input), {
    touches: ['/v1/members'],
  });
  const errors = add.error ? fieldErrors(add.error, ['email', 'full_name', 'role']) : {};
  const own = roleRank(organization?.role);
  const set = (name: keyof typeof fields) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setFields((before) => ({ ...before, [name]: value }));
  };
  async function submit(event: FormEvent) {
    event.preventDefault();
    const member = await add.mutateAsync(fields);
    notifications.show({ message: `${member.email} is now a ${member.role}.` });
    onClose();
  }
  return (
    <Modal opened onClose={onClose} title="Add a member">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack>
          <Text size="sm">Who has no account yet gets one, and sets a password with a one-time link.</Text>
          {add.error && Object.keys(errors).length === 0 ? <ProblemAlert problem={add.error} /> : null}
          <TextInput
            label="E-mail"
            type="email"
            maxLength={254}
            required
            data-autofocus
            autoComplete="off"
            error={errors['email']}
            value={fields.email}
            onChange={set('email')}
          />
          <TextInput
            label="Name"
            maxLength={200}
            autoComplete="off"
            error={errors['full_name']}
            value={fields.full_name}
            onChange={set('full_name')}
          />
          <NativeSelect
            label="Role"
            data={memberRoles.slice(own)}
            error={errors['role']}
            value={fields.role}
            onChange={set('role')}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending}>
              Add
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
