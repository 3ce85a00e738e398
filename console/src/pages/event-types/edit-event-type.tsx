import { Checkbox, NativeSelect, NumberInput, Stack, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { useChange, useRead } from '../../api/hooks.ts';
import { asProblem, fieldErrors, Problem } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { DetailState } from '../../parts/detail-state.tsx';
import { FieldRow } from '../../parts/field-row.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { parsedObject } from '../../parts/json-field.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { eventCategories, eventSources } from '../events/types.ts';
import { type EventType, placeOf, retention_days_max, touchedByTypes } from './types.ts';

interface Fields {
  readonly source: string;
  readonly name: string;
  readonly category: string;
  readonly description: string;
  readonly schema: string;
  readonly retention_days: number | string;
  readonly is_active: boolean;
}

const fieldNames = ['name', 'description', 'retention_days', 'payload_schema'];
const example = `{
  "type": "object",
  "required": ["total"],
  "properties": { "total": { "type": "number" } }
}`;

export function NewEventType() {
  const [search] = useSearchParams();
  const start: Fields = {
    source: search.get('source') ?? 'api',
    name: search.get('name') ?? '',
    category: 'other',
    description: '',
    schema: '',
    retention_days: '',
    is_active: true,
  };
  return (
    <>
      <PageHeader title="New event type" description="What events of a name hold, and how long they are kept." />
      <Form start={start} isNew />
    </>
  );
}

export function EditEventType() {
  const { source = '', name = '' } = useParams();
  const { data, error, refetch } = useRead<EventType>(`/v1${placeOf({ source, name })}`);
  if (!data) {
    return <DetailState name="Event type" listPath="/event-types" error={error} onRetry={() => void refetch()} />;
  }
  const start: Fields = {
    ...data,
    schema: data.payload_schema === null ? '' : JSON.stringify(data.payload_schema, undefined, 2),
    retention_days: data.retention_days ?? '',
  };
  return (
    <>
      <PageHeader title="Change the event type" description="Events that were checked already stay as they are." />
      <Form start={start} isNew={false} />
    </>
  );
}

/** Setting a type that is there would be done without a word: a new one is looked for first. */
async function save({ source, name, ...body }: { source: string; name: string }, isNew: boolean): Promise<EventType> {
  const path = `/v1${placeOf({ source, name })}`;
  if (isNew) {
    const isThere = await api.get(path).then(
      () => true,
      (error) => {
        if (asProblem(error).status === 404) return false;
        throw error;
      },
    );
    if (isThere) {
      throw new Problem(409, { code: 'already_exists', title: 'There is a type of this name', field: 'name' });
    }
  }
  return api.put<EventType>(path, body);
}

function Form({ start, isNew }: { start: Fields; isNew: boolean }) {
  const navigate = useNavigate();
  const [fields, setFields] = useState(start);
  const [wrong, setWrong] = useState<string>();
  const put = useChange((body: Parameters<typeof save>[0]) => save(body, isNew), { touches: touchedByTypes });
  const errors = put.error ? fieldErrors(put.error, fieldNames) : {};
  const isOfSchema = put.error?.field?.startsWith('payload_schema') ?? false;
  const set =
    (name: keyof Fields) =>
    ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setFields((before) => ({ ...before, [name]: value }));
  function submit(event: FormEvent) {
    event.preventDefault();
    const parsed = fields.schema.trim() === '' ? { value: null } : parsedObject(fields.schema);
    setWrong(parsed.wrong);
    if (parsed.wrong !== undefined) return;
    const { source, name, category, description, is_active, retention_days } = fields;
    const body = {
      ...{ source, name: name.trim(), category, description, is_active },
      payload_schema: parsed.value,
      retention_days: retention_days === '' ? null : Number(retention_days),
    };
    put.mutate(body, { onSuccess: (made) => void navigate(placeOf(made), { replace: true }) });
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw="42rem" className="surface" p="md">
        <FieldRow>
          <NativeSelect
            label="Source"
            description="The sender; api: sent with a key"
            data={eventSources.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
            disabled={!isNew}
            value={fields.source}
            onChange={set('source')}
          />
          <TextInput
            label="Name"
            description="As it is stored: order.paid, issues.opened"
            required
            disabled={!isNew}
            maxLength={200}
            autoComplete="off"
            error={errors['name']}
            value={fields.name}
            onChange={set('name')}
          />
        </FieldRow>
        <Textarea
          label="Schema of the payload"
          description="JSON Schema. An event that breaks it is kept, and failed. Empty: any payload."
          placeholder={example}
          autosize
          minRows={6}
          maxRows={24}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          value={fields.schema}
          error={wrong ?? (isOfSchema ? put.error?.detail : undefined)}
          onChange={set('schema')}
        />
        <FieldRow>
          <NativeSelect
            label="Category"
            data={[...eventCategories]}
            value={fields.category}
            onChange={set('category')}
          />
          <NumberInput
            label="Kept for so many days"
            description="Empty: as long as all others"
            min={1}
            max={retention_days_max}
            allowDecimal={false}
            error={errors['retention_days']}
            value={fields.retention_days}
            onChange={(value) => setFields((before) => ({ ...before, retention_days: value }))}
          />
        </FieldRow>
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={8}
          maxLength={2_000}
          error={errors['description']}
          value={fields.description}
          onChange={set('description')}
        />
        <Checkbox
          label="Wanted: subscriptions see events of this type"
          description="Otherwise they are stored and skipped."
          checked={fields.is_active}
          onChange={({ currentTarget: { checked } }) => setFields((before) => ({ ...before, is_active: checked }))}
        />
        {put.error ? <ProblemAlert problem={put.error} /> : null}
        <FormButtons
          action={isNew ? 'Make the type' : 'Save'}
          isPending={put.isPending}
          disabled={fields.name.trim() === ''}
          cancel={isNew ? '/event-types' : placeOf(start)}
        />
      </Stack>
    </form>
  );
}
