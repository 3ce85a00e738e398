import { NativeSelect, NumberInput, Stack, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useChange, useRead } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import type { Page } from '../../api/types.ts';
import { DetailState } from '../../parts/detail-state.tsx';
import { FieldRow } from '../../parts/field-row.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { parsedJson } from '../../parts/json-field.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { Preview, usePreview } from './preview.tsx';
import { type Schedule, touchedBySchedules } from './types.ts';

interface Fields {
  readonly name: string;
  readonly description: string;
  readonly cron: string;
  readonly timezone: string;
  /** `type <task type>` or `definition <name>`. */
  readonly target: string;
  readonly payload: string;
  readonly priority: number | string;
  readonly catch_up: string;
}

const fieldNames = [
  'name',
  'description',
  'cron',
  'timezone',
  'definition',
  'task_type',
  'payload',
  'priority',
] as const;
/** The browser's own zone is what people mean; the list is the browser's too. */
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

/** Of runs of workflows that are data: a task alone is none. */
const data_runs = 'workflow.run';

const fresh: Fields = {
  name: '',
  description: '',
  cron: '0 9 * * mon-fri',
  timezone: ownZone,
  target: '',
  payload: '{}',
  priority: 0,
  catch_up: 'last',
};

export function NewSchedule() {
  return (
    <>
      <PageHeader title="New schedule" description="Enqueues a task at the times of a cron expression." />
      <Form start={fresh} />
    </>
  );
}

export function EditSchedule() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useRead<Schedule>(`/v1/schedules/${encodeURIComponent(id)}`);
  if (!data) return <DetailState name="Schedule" listPath="/schedules" error={error} onRetry={() => void refetch()} />;
  const { name, description, cron, timezone, definition, task_type, payload, priority, catch_up } = data;
  const start: Fields = {
    name,
    description,
    cron,
    timezone,
    target: definition === null ? `type ${task_type}` : `definition ${definition}`,
    payload: payload === null ? '' : JSON.stringify(payload, undefined, 2),
    priority,
    catch_up,
  };
  return (
    <>
      <PageHeader title="Change the schedule" description="What it has enqueued stays as it is." />
      <Form start={start} id={id} />
    </>
  );
}

function bodyOf({ target, payload: _, ...fields }: Fields, payload: unknown) {
  const [kind, name] = target.split(' ');
  return {
    ...fields,
    name: fields.name.trim(),
    cron: fields.cron.trim(),
    timezone: fields.timezone.trim(),
    priority: Number(fields.priority),
    ...(kind === 'definition' ? { definition: name } : { task_type: name }),
    payload,
  };
}

function Form({ start, id }: { start: Fields; id?: string }) {
  const navigate = useNavigate();
  const targets = useTargets(start.target);
  const [fields, setFields] = useState(start);
  const [wrong, setWrong] = useState<string>();
  const preview = usePreview(fields.cron, fields.timezone);
  const save = useChange(
    (body: unknown) =>
      id === undefined ? api.post<Schedule>('/v1/schedules', body) : api.patch<Schedule>(`/v1/schedules/${id}`, body),
    { touches: touchedBySchedules },
  );
  const errors = save.error ? fieldErrors(save.error, fieldNames) : {};
  const expression = preview.error ? fieldErrors(preview.error, fieldNames) : {};
  const set =
    (name: keyof Fields) =>
    ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setFields((before) => ({ ...before, [name]: value }));
  function submit(event: FormEvent) {
    event.preventDefault();
    const parsed = parsedJson(fields.payload);
    setWrong(parsed.wrong);
    if (parsed.wrong !== undefined) return;
    save.mutate(bodyOf(fields, parsed.value), {
      onSuccess: (made) => void navigate(`/schedules/${made.id}`, { replace: true }),
    });
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw="42rem" className="surface" p="md">
        <TextInput
          label="Name"
          maxLength={200}
          required
          value={fields.name}
          error={errors['name']}
          onChange={set('name')}
        />
        <FieldRow>
          <TextInput
            label="Cron expression"
            description="minute hour day month weekday"
            maxLength={200}
            autoComplete="off"
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            value={fields.cron}
            error={errors['cron'] ?? expression['cron']}
            onChange={set('cron')}
          />
          <NativeSelect
            label="Time zone"
            description="Whose clocks it goes by"
            data={zones.includes(fields.timezone) ? zones : [fields.timezone, ...zones]}
            value={fields.timezone}
            error={errors['timezone'] ?? expression['timezone']}
            onChange={set('timezone')}
          />
        </FieldRow>
        <Preview of={preview} />
        <NativeSelect
          label="Enqueues"
          description="A task definition, or a type of task"
          data={[{ value: '', label: 'Choose what' }, ...targets]}
          value={fields.target}
          error={errors['definition'] ?? errors['task_type']}
          onChange={set('target')}
        />
        <Textarea
          label="Payload"
          description="JSON that each task is given"
          autosize
          minRows={3}
          maxRows={16}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          value={fields.payload}
          error={wrong ?? errors['payload']}
          onChange={set('payload')}
        />
        <FieldRow>
          <NativeSelect
            label="Times that were missed"
            description="While no scheduler ran"
            data={[
              { value: 'last', label: 'make up for the last one' },
              { value: 'all', label: 'make up for all' },
              { value: 'skip', label: 'leave them out' },
            ]}
            value={fields.catch_up}
            onChange={set('catch_up')}
          />
          <NumberInput
            label="Priority"
            description="Higher runs first"
            min={-1000}
            max={1000}
            allowDecimal={false}
            hideControls
            value={fields.priority}
            error={errors['priority']}
            onChange={(priority) => setFields((before) => ({ ...before, priority }))}
          />
        </FieldRow>
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={8}
          maxLength={2_000}
          value={fields.description}
          onChange={set('description')}
        />
        {save.error ? <ProblemAlert problem={save.error} /> : null}
        <FormButtons
          cancel={id === undefined ? '/schedules' : `/schedules/${id}`}
          isPending={save.isPending}
          disabled={fields.target === '' || fields.name.trim() === '' || fields.cron.trim() === ''}
          action={id === undefined ? 'Make the schedule' : 'Save'}
        />
      </Stack>
    </form>
  );
}

/** Task definitions and types there are to choose from; what the schedule has is among them. */
function useTargets(current: string): { value: string; label: string }[] {
  const definitions = useRead<Page<{ name: string }>>('/v1/task-definitions', { limit: 200 });
  const types = useRead<Page<{ task_type: string }>>('/v1/task-types');
  const found = [
    ...(definitions.data?.data ?? []).map(({ name }) => ({
      value: `definition ${name}`,
      label: `${name} (definition)`,
    })),
    ...(types.data?.data ?? [])
      .filter(({ task_type }) => task_type !== data_runs)
      .map(({ task_type }) => ({ value: `type ${task_type}`, label: task_type })),
  ];
  if (current === '' || found.some(({ value }) => value === current)) return found;
  return [{ value: current, label: current.replace(/^\w+ /, '') }, ...found];
}
