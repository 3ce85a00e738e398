import { NativeSelect, PasswordInput, Radio, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { useCan, useChange, useRead } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import type { Page } from '../../api/types.ts';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { plainText } from '../../parts/plain-text.tsx';
import { EmptyState, ProblemAlert } from '../../parts/states.tsx';
import { fresh, type HmacFields, HmacSettings, settingsOf } from './hmac-settings.tsx';
import { ShownOnce } from './shown-once.tsx';
import { type SourceShownOnce, schemeOf, schemes, touchedBySources } from './types.ts';

interface Fields {
  readonly name: string;
  readonly scheme: string;
  readonly secret: string;
  readonly project: string;
}

const fieldNames = ['name', 'scheme', 'secret', 'project_id'];

export function NewSource() {
  const mayWrite = useCan('event_sources:write');
  return (
    <>
      <PageHeader title="New event source" description="An address that a sender posts its webhooks to." />
      {mayWrite ? (
        <Form />
      ) : (
        <EmptyState title="Only an administrator makes event sources">Ask one of your organization.</EmptyState>
      )}
    </>
  );
}

function bodyOf({ name, scheme, secret, project }: Fields, hmac: HmacFields) {
  return {
    name: name.trim(),
    scheme,
    ...(scheme === 'hmac' ? { configuration: settingsOf(hmac) } : {}),
    ...(secret === '' ? {} : { secret }),
    ...(project === '' ? {} : { project_id: project }),
  };
}

function Form() {
  const navigate = useNavigate();
  const [fields, setFields] = useState<Fields>({ name: '', scheme: 'github', secret: '', project: '' });
  const [hmac, setHmac] = useState(fresh);
  const [made, setMade] = useState<SourceShownOnce>();
  const projects = useRead<Page<{ id: string; name: string }>>('/v1/projects', { limit: 200 });
  const make = useChange((body: unknown) => api.post<SourceShownOnce>('/v1/event-sources', body), {
    touches: touchedBySources,
  });
  const errors = make.error ? fieldErrors(make.error, fieldNames) : {};
  const set =
    (name: keyof Fields) =>
    ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setFields((before) => ({ ...before, [name]: value }));
  function submit(event: FormEvent) {
    event.preventDefault();
    make.mutate(bodyOf(fields, hmac), { onSuccess: setMade });
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw="42rem" className="surface" p="md">
        <Radio.Group
          label="Sender"
          value={fields.scheme}
          onChange={(scheme) => setFields((before) => ({ ...before, scheme }))}
        >
          <Stack gap="sm" mt="xs">
            {schemes.map(({ value, label, setup }) => (
              <Radio key={value} value={value} label={label} description={setup} />
            ))}
          </Stack>
        </Radio.Group>
        {fields.scheme === 'hmac' ? <HmacSettings fields={hmac} onChange={setHmac} problem={make.error} /> : null}
        <TextInput
          label="Name"
          description="What people here call it: the repository, the workspace."
          maxLength={200}
          required
          autoComplete="off"
          error={errors['name']}
          value={fields.name}
          onChange={set('name')}
        />
        <PasswordInput
          label="Secret"
          description={schemeOf(fields.scheme).secret}
          maxLength={1_024}
          autoComplete="off"
          error={errors['secret']}
          value={fields.secret}
          onChange={set('secret')}
        />
        <NativeSelect
          label="Project"
          description="Its events belong to this project; otherwise to that of the repository they name."
          data={[
            { value: '', label: 'None' },
            ...(projects.data?.data ?? []).map(({ id, name }) => ({ value: id, label: plainText(name, 100) })),
          ]}
          error={errors['project_id']}
          value={fields.project}
          onChange={set('project')}
        />
        {make.error ? <ProblemAlert problem={make.error} /> : null}
        <FormButtons
          action="Make the source"
          isPending={make.isPending}
          disabled={fields.name.trim() === ''}
          cancel="/event-sources"
        />
      </Stack>
      {made ? (
        <ShownOnce
          title="Your new source"
          made={made}
          onClose={() => void navigate(`/event-sources/${made.id}`, { replace: true })}
        />
      ) : (
        <Text size="xs" c="dimmed" mt="xs">
          The address and the secret are shown once, when the source is made.
        </Text>
      )}
    </form>
  );
}
