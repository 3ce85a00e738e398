import { Checkbox, NumberInput, Stack, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useChange, useRead } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { DetailState } from '../../parts/detail-state.tsx';
import { FieldRow } from '../../parts/field-row.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { bodyOf, type Fields, fieldNames, fieldsOf, fresh, type Wrong } from './fields.ts';
import { touchedOf, useOut } from './out.tsx';
import { SecretShownOnce } from './secret.tsx';
import type { Endpoint, EndpointShownOnce } from './types.ts';

export function NewEndpoint() {
  return (
    <>
      <PageHeader title="New endpoint" description="An address that events are posted to, signed." />
      <Form start={fresh} />
    </>
  );
}

export function EditEndpoint() {
  const { id = '' } = useParams();
  const { endpoints } = useOut();
  const { data, error, refetch } = useRead<Endpoint>(`${endpoints}/${encodeURIComponent(id)}`);
  if (!data) return <DetailState name="Endpoint" listPath="/endpoints" error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <PageHeader title="Change the endpoint" description="What is on its way goes to the new address." />
      <Form start={fieldsOf(data)} endpoint={data} />
    </>
  );
}

type Set = (name: keyof Fields) => (event: { currentTarget: { value: string } }) => void;
interface PartProps {
  readonly fields: Fields;
  readonly errors: Wrong;
  readonly set: Set;
  readonly setFields: (change: (before: Fields) => Fields) => void;
  readonly endpoint: Endpoint | undefined;
}

const mono = { input: { fontFamily: 'var(--mantine-font-family-monospace)' } };

function Form({ start, endpoint }: { start: Fields; endpoint?: Endpoint }) {
  const out = useOut();
  const navigate = useNavigate();
  const [fields, setFields] = useState(start);
  const [wrong, setWrong] = useState<Wrong>({});
  const [made, setMade] = useState<EndpointShownOnce>();
  const save = useChange(
    (body: unknown) =>
      endpoint === undefined
        ? api.post<EndpointShownOnce>(out.endpoints, body)
        : api.patch<EndpointShownOnce>(`${out.endpoints}/${endpoint.id}`, body),
    { touches: touchedOf(out) },
  );
  const errors = { ...(save.error ? fieldErrors(save.error, fieldNames) : {}), ...wrong };
  const set: Set =
    (name) =>
    ({ currentTarget: { value } }) =>
      setFields((before) => ({ ...before, [name]: value }));
  const open = (id: string) => void navigate(`/endpoints/${id}`, { replace: true });
  function submit(event: FormEvent) {
    event.preventDefault();
    const read = bodyOf(fields, { isNew: endpoint === undefined, isPortal: out.isPortal });
    setWrong(read.wrong ?? {});
    if (read.wrong !== undefined) return;
    save.mutate(read.body, { onSuccess: (saved) => (endpoint === undefined ? setMade(saved) : open(saved.id)) });
  }
  const part = { fields, errors, set, setFields, endpoint };
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw="42rem" className="surface" p="md">
        <What {...part} />
        {out.isPortal ? null : <Tuning {...part} />}
        {save.error ? <ProblemAlert problem={save.error} /> : null}
        <FormButtons
          action={endpoint === undefined ? 'Make the endpoint' : 'Save'}
          isPending={save.isPending}
          disabled={fields.url.trim() === ''}
          cancel={endpoint ? `/endpoints/${endpoint.id}` : '/endpoints'}
        />
      </Stack>
      {made ? <SecretShownOnce made={made} onClose={() => open(made.id)} /> : null}
    </form>
  );
}

function What({ fields, errors, set, setFields, endpoint }: PartProps) {
  const { isPortal } = useOut();
  const kept = endpoint?.header_names ?? [];
  return (
    <>
      <TextInput
        label="URL"
        description="https, and reachable from the internet"
        placeholder="https://example.com/hooks"
        type="url"
        required
        autoComplete="off"
        maxLength={2_000}
        value={fields.url}
        error={errors['url']}
        onChange={set('url')}
      />
      <TextInput
        label="Description"
        maxLength={1_000}
        value={fields.description}
        error={errors['description']}
        onChange={set('description')}
      />
      {isPortal || endpoint ? null : (
        <TextInput
          label="Customer"
          description="Your own id of the customer whose endpoint it is; empty: your own endpoint. It stays as it is."
          autoComplete="off"
          maxLength={200}
          value={fields.customer}
          error={errors['customer']}
          onChange={set('customer')}
        />
      )}
      <Textarea
        label="Event types"
        description={
          isPortal
            ? 'A name a line, such as order.paid or order.*; none: all events'
            : 'For endpoints of customers: a name a line, such as order.*; none: all. Other endpoints get what their subscriptions say.'
        }
        autosize
        minRows={2}
        maxRows={10}
        styles={mono}
        value={fields.names}
        error={errors['names']}
        onChange={set('names')}
      />
      <Textarea
        label="Headers"
        description={
          kept.length === 0
            ? 'Sent along, a name and a value a line (X-Team: billing). They are kept sealed and never shown again.'
            : `Kept sealed: ${kept.join(', ')}. What you type here takes their place.`
        }
        autosize
        minRows={2}
        maxRows={10}
        autoComplete="off"
        styles={mono}
        disabled={fields.dropsHeaders}
        value={fields.headers}
        error={errors['headers']}
        onChange={set('headers')}
      />
      {kept.length === 0 ? null : (
        <Checkbox
          label="Send no headers of your own any more"
          checked={fields.dropsHeaders}
          onChange={({ currentTarget: { checked } }) => setFields((before) => ({ ...before, dropsHeaders: checked }))}
        />
      )}
    </>
  );
}

function Tuning({ fields, errors, set, setFields }: PartProps) {
  const number = (name: 'rate' | 'concurrency' | 'timeout_seconds') => ({
    value: fields[name],
    onChange: (value: number | string) => setFields((before) => ({ ...before, [name]: value })),
    hideControls: true,
  });
  return (
    <>
      <FieldRow>
        <NumberInput
          label="Rate"
          description="A second; empty: no limit"
          min={1}
          max={10_000}
          allowDecimal={false}
          error={errors['rate_per_second']}
          {...number('rate')}
        />
        <NumberInput
          label="At once"
          description="Requests under way, 1 to 100"
          min={1}
          max={100}
          allowDecimal={false}
          error={errors['concurrency_max']}
          {...number('concurrency')}
        />
        <NumberInput
          label="Timeout"
          description="Seconds, 1 to 60"
          min={1}
          max={60}
          error={errors['timeout_ms']}
          {...number('timeout_seconds')}
        />
      </FieldRow>
      <TextInput
        label="In order by"
        description="Events with the same value at this place go one after the other, such as payload.order.id; * for all; empty: as they come"
        autoComplete="off"
        styles={mono}
        value={fields.order_by}
        error={errors['order_by']}
        onChange={set('order_by')}
      />
      <TextInput
        label="Tried again after"
        description="Seconds after each failure, with commas between; empty: the usual 5 s, 5 min, 30 min … over three days"
        autoComplete="off"
        styles={mono}
        value={fields.retries}
        error={errors['retry_schedule_seconds']}
        onChange={set('retries')}
      />
    </>
  );
}
