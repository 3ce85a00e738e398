import { NativeSelect, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useChange, useMe } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { memberRoles, type NewApiKey, roleRank } from '../../api/types.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { ProblemAlert } from '../../parts/states.tsx';

interface Fields {
  readonly name: string;
  readonly owner: 'person' | 'organization';
  readonly role: string;
  readonly scopes: string;
  readonly days: string;
}

const day_ms = 86_400_000;
const empty: Fields = { name: '', owner: 'person', role: '', scopes: '', days: '90' };

function toBody({ name, owner, role, scopes, days }: Fields) {
  const list = scopes.split(/[\s,]+/).filter((scope) => scope !== '');
  return {
    name,
    ...(owner === 'organization' ? { service: true } : {}),
    ...(role !== '' && owner === 'person' ? { role } : {}),
    ...(list.length > 0 ? { scopes: list } : {}),
    ...(days === '' ? {} : { expires_at: new Date(Date.now() + Number(days) * day_ms).toISOString() }),
  };
}

/** What the key is for, whose it is, what it may and how long. */
export function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (key: NewApiKey) => void }) {
  const { organization } = useMe();
  const [fields, setFields] = useState(empty);
  const make = useChange((input: Fields) => api.post<NewApiKey>('/v1/api-keys', toBody(input)), {
    touches: ['/v1/api-keys'],
  });
  const errors = make.error ? fieldErrors(make.error, ['name', 'role', 'scopes', 'expires_at']) : {};
  const own = roleRank(organization?.role);
  const set = (name: keyof Fields) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setFields((before) => ({ ...before, [name]: value }));
  };
  async function submit(event: FormEvent) {
    event.preventDefault();
    const made = await make.mutateAsync(fields);
    onClose();
    onMade(made);
  }
  return (
    <Dialog onClose={onClose} title="New API key">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack>
          {make.error && Object.keys(errors).length === 0 ? <ProblemAlert problem={make.error} /> : null}
          <TextInput
            label="What is it for?"
            maxLength={200}
            required
            data-autofocus
            autoComplete="off"
            error={errors['name']}
            value={fields.name}
            onChange={set('name')}
          />
          {own <= roleRank('admin') ? (
            <NativeSelect
              label="Acts as"
              description={
                fields.owner === 'person'
                  ? 'The key ends when you leave the organization.'
                  : 'Stays when people leave; reads and writes what members do.'
              }
              data={[
                { value: 'person', label: 'You' },
                { value: 'organization', label: 'The organization (a service)' },
              ]}
              value={fields.owner}
              onChange={set('owner')}
            />
          ) : null}
          {fields.owner === 'person' ? (
            <NativeSelect
              label="Role"
              error={errors['role']}
              data={[{ value: '', label: `as yours (${organization?.role})` }, ...memberRoles.slice(own)]}
              value={fields.role}
              onChange={set('role')}
            />
          ) : null}
          <TextInput
            label="Only for"
            description="Scopes, such as projects:read or *:read. Empty: everything the role may."
            autoComplete="off"
            error={errors['scopes']}
            value={fields.scopes}
            onChange={set('scopes')}
          />
          <NativeSelect
            label="Expires"
            error={errors['expires_at']}
            data={[
              { value: '7', label: 'in 7 days' },
              { value: '30', label: 'in 30 days' },
              { value: '90', label: 'in 90 days' },
              { value: '365', label: 'in a year' },
              { value: '', label: 'never' },
            ]}
            value={fields.days}
            onChange={set('days')}
          />
          <FormButtons action="Create key" isPending={make.isPending} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
