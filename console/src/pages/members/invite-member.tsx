import { Button, Code, CopyButton, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useChange, useMe } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { memberRoles, type NewInvitation, roleRank } from '../../api/types.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { ProblemAlert } from '../../parts/states.tsx';

/** Invites an address: gives a link that is shown once, to hand over. Plinth mails nothing. */
export function InviteMember({ onClose }: { onClose: () => void }) {
  const { organization } = useMe();
  const [fields, setFields] = useState({ email: '', role: 'member' });
  const invite = useChange((input: typeof fields) => api.post<NewInvitation>('/v1/invitations', input), {
    touches: ['/v1/invitations'],
  });
  if (invite.data) return <Link invitation={invite.data} onClose={onClose} />;
  const errors = invite.error ? fieldErrors(invite.error, ['email', 'role']) : {};
  const set = (name: keyof typeof fields) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setFields((before) => ({ ...before, [name]: value }));
  };
  async function submit(event: FormEvent) {
    event.preventDefault();
    await invite.mutateAsync(fields);
  }
  return (
    <Dialog onClose={onClose} title="Invite a member">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack>
          <Text size="sm">You get a link to hand over. It works once, for seven days; nothing is mailed.</Text>
          {invite.error && Object.keys(errors).length === 0 ? <ProblemAlert problem={invite.error} /> : null}
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
          <NativeSelect
            label="Role"
            data={memberRoles.slice(roleRank(organization?.role))}
            error={errors['role']}
            value={fields.role}
            onChange={set('role')}
          />
          <FormButtons action="Make the link" isPending={invite.isPending} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}

/** The link itself. It is in this dialog and nowhere else. */
function Link({ invitation, onClose }: { invitation: NewInvitation; onClose: () => void }) {
  const link = invitation.path === null ? undefined : new URL(invitation.path, window.location.origin).href;
  return (
    <Dialog onClose={onClose} title="The invitation" size="lg" closeOnClickOutside={false} closeOnEscape={false}>
      <Stack>
        <Text size="sm">
          Hand this link to <b>{invitation.email}</b>: it is shown this once. Who follows it joins as {invitation.role}.
        </Text>
        <Code
          block
          className="secret"
          aria-label="Invitation link"
          role="region"
          tabIndex={0}
          style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
        >
          {link ?? 'This request was sent twice: the link was in the first answer. Make a new one.'}
        </Code>
        <Group justify="flex-end">
          {link === undefined ? null : (
            <CopyButton value={link}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy} data-autofocus>
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
          )}
          <Button onClick={onClose}>I have it</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
