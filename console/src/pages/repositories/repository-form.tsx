import { NativeSelect, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useChange, useRead } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { DetailState } from '../../parts/detail-state.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { type Repository, repositoryProviders, touchedByRepositories } from './types.ts';

const fieldNames = ['full_name', 'provider', 'url', 'default_branch', 'languages'] as const;
type FieldName = (typeof fieldNames)[number];
type Fields = Readonly<Record<FieldName, string>>;

export function NewRepository() {
  return (
    <>
      <PageHeader title="Add a repository" />
      <Form repository={undefined} />
    </>
  );
}

export function EditRepository() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useRead<Repository>(`/v1/repositories/${encodeURIComponent(id)}`);
  if (!data) {
    return <DetailState name="Repository" listPath="/repositories" error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <PageHeader title="Edit repository" />
      <Form repository={data} />
    </>
  );
}

function fieldsOf(repository: Repository | undefined): Fields {
  return {
    full_name: repository?.full_name ?? '',
    provider: repository?.provider ?? 'github',
    url: repository?.url ?? '',
    default_branch: repository?.default_branch ?? 'main',
    languages: repository?.languages.join(', ') ?? '',
  };
}

/** The fields that were changed, as the API takes them. */
function bodyOf(before: Fields, now: Fields): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const name of fieldNames) {
    const value = now[name].trim();
    if (value === before[name]) continue;
    if (name === 'languages') {
      body[name] = value
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean);
    } else body[name] = value === '' && name === 'url' ? null : value;
  }
  return body;
}

function Form({ repository }: { repository: Repository | undefined }) {
  const navigate = useNavigate();
  const [before] = useState(() => fieldsOf(repository));
  const [fields, setFields] = useState(before);
  const back = repository ? `/repositories/${repository.id}` : '/repositories';
  const save = useChange(
    (body: Record<string, unknown>) =>
      repository
        ? api.patch<Repository>(`/v1/repositories/${repository.id}`, body)
        : api.post<Repository>('/v1/repositories', { full_name: fields.full_name.trim(), ...body }),
    { touches: touchedByRepositories },
  );
  const errors = save.error ? fieldErrors(save.error, fieldNames) : {};
  const bind = (name: FieldName) => ({
    value: fields[name],
    error: errors[name],
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setFields((old) => ({ ...old, [name]: value })),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    const body = bodyOf(before, fields);
    if (repository && Object.keys(body).length === 0) void navigate(back);
    else save.mutate(body, { onSuccess: ({ id }) => void navigate(`/repositories/${id}`, { replace: true }) });
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw="40rem" className="surface" p="md">
        <TextInput
          label="Full name"
          description="As its provider writes it: owner/name"
          required
          maxLength={300}
          {...bind('full_name')}
        />
        <NativeSelect label="Provider" data={[...repositoryProviders]} {...bind('provider')} />
        <TextInput
          label="URL"
          description="https:// or ssh://, without a password"
          maxLength={2_000}
          {...bind('url')}
        />
        <TextInput label="Default branch" maxLength={255} {...bind('default_branch')} />
        <TextInput label="Languages" description="With commas between" {...bind('languages')} />
        {save.error ? <ProblemAlert problem={save.error} /> : null}
        <FormButtons action={repository ? 'Save' : 'Add the repository'} isPending={save.isPending} cancel={back} />
      </Stack>
    </form>
  );
}
