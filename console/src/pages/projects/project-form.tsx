import { NativeSelect, NumberInput, Stack, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useChange, useMe, useRead } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { DetailState } from '../../parts/detail-state.tsx';
import { FieldRow } from '../../parts/field-row.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { movesFrom, type Project, touchedByProjects, useManagesAll } from './types.ts';
import { usePeople } from './use-people.ts';

const fieldNames = [
  'name',
  'slug',
  'description',
  'owner_id',
  'status',
  'priority',
  'goals',
  'starts_on',
  'due_on',
  'git_repo_url',
] as const;
type FieldName = (typeof fieldNames)[number];
type Fields = Readonly<Record<FieldName, string>>;

export function NewProject() {
  const { user } = useMe();
  return (
    <>
      <PageHeader title="New project" />
      <Form project={undefined} ownerId={user?.id ?? ''} />
    </>
  );
}

export function EditProject() {
  const { id = '' } = useParams();
  const { data: project, error, refetch } = useRead<Project>(`/v1/projects/${encodeURIComponent(id)}`);
  if (!project) {
    return <DetailState name="Project" listPath="/projects" error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <PageHeader title="Edit project" description={project.slug} />
      <Form project={project} ownerId={project.owner_id ?? ''} />
    </>
  );
}

function fieldsOf(project: Project | undefined, ownerId: string): Fields {
  return {
    name: project?.name ?? '',
    slug: project?.slug ?? '',
    description: project?.description ?? '',
    owner_id: ownerId,
    status: project?.status ?? 'active',
    priority: String(project?.priority ?? 0),
    goals: (project?.goals ?? []).map((goal) => (typeof goal === 'string' ? goal : JSON.stringify(goal))).join('\n'),
    starts_on: project?.starts_on ?? '',
    due_on: project?.due_on ?? '',
    git_repo_url: project?.git_repo_url ?? '',
  };
}

/** The fields that were changed, as the API takes them; what was emptied is null. */
function bodyOf(before: Fields, now: Fields): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const name of fieldNames) {
    const value = now[name].trim();
    // a project has a slug: one that was emptied stays as it is
    if (value === before[name].trim() || (name === 'slug' && value === '')) continue;
    if (name === 'priority') body[name] = Number(value);
    else if (name === 'goals') body[name] = value.split('\n').filter((goal) => goal.trim() !== '');
    else body[name] = value === '' && name !== 'description' ? null : value;
  }
  return body;
}

function Form({ project, ownerId }: { project: Project | undefined; ownerId: string }) {
  const navigate = useNavigate();
  const [before] = useState(() => fieldsOf(project, ownerId));
  const [fields, setFields] = useState(before);
  const back = project ? `/projects/${project.id}` : '/projects';
  const save = useChange(
    (body: Record<string, unknown>) =>
      project
        ? api.patch<Project>(`/v1/projects/${project.id}`, body)
        : api.post<Project>('/v1/projects', { name: fields.name.trim(), ...body }),
    { touches: touchedByProjects },
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
    if (project && Object.keys(body).length === 0) void navigate(back);
    else save.mutate(body, { onSuccess: ({ id }) => void navigate(`/projects/${id}`, { replace: true }) });
  }
  const statuses = project ? [project.status, ...movesFrom(project.status)] : ['active', 'planning'];
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw="40rem" className="surface" p="md">
        <TextInput label="Name" required maxLength={200} data-autofocus {...bind('name')} />
        <TextInput
          label="Slug"
          description={project ? 'In addresses' : 'In addresses; made from the name if it is left empty'}
          maxLength={63}
          {...bind('slug')}
        />
        <Textarea label="Description" autosize minRows={3} maxRows={15} maxLength={10_000} {...bind('description')} />
        <FieldRow>
          <NativeSelect
            label="Status"
            data={statuses.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
            disabled={statuses.length < 2}
            {...bind('status')}
          />
          <Owner {...bind('owner_id')} />
        </FieldRow>
        <FieldRow>
          <TextInput label="Starts on" type="date" {...bind('starts_on')} />
          <TextInput label="Due on" type="date" {...bind('due_on')} />
          <NumberInput
            label="Priority"
            min={-1000}
            max={1000}
            allowDecimal={false}
            hideControls
            {...bind('priority')}
            onChange={(value) => setFields((old) => ({ ...old, priority: String(value) }))}
          />
        </FieldRow>
        <Textarea label="Goals" description="One a line" autosize minRows={2} maxRows={15} {...bind('goals')} />
        <TextInput
          label="Git URL"
          description="https:// or ssh://, without a password"
          maxLength={2_000}
          {...bind('git_repo_url')}
        />
        {save.error ? <ProblemAlert problem={save.error} /> : null}
        <FormButtons action={project ? 'Save' : 'Make the project'} isPending={save.isPending} cancel={back} />
      </Stack>
    </form>
  );
}

interface OwnerProps {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (event: { currentTarget: { value: string } }) => void;
}

/** Administrators give a project to whom they like; a member's own stays theirs. */
function Owner(props: OwnerProps) {
  const { members, nameOf } = usePeople();
  const isFree = useManagesAll();
  const choices = members.map(({ user_id: value, display_name, email }) => ({ value, label: display_name || email }));
  if (props.value !== '' && !choices.some(({ value }) => value === props.value)) {
    choices.push({ value: props.value, label: nameOf(props.value) ?? props.value });
  }
  return (
    <NativeSelect label="Owner" data={[{ value: '', label: 'Nobody' }, ...choices]} disabled={!isFree} {...props} />
  );
}
