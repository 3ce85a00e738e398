import { Checkbox, NumberInput, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { useChange, useRead } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { DetailState } from '../../parts/detail-state.tsx';
import { FieldRow } from '../../parts/field-row.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { Section } from '../../parts/section.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { ruleFromAddress } from './filter-tester.tsx';
import { RuleFields, type RuleText, ruleOf, ruleTextOf } from './rule.tsx';
import { noTarget, TargetFields, type TargetText, targetOf, targetTextOf } from './target.tsx';
import { filterWrong, TrialResults, useTrial } from './try-rule.tsx';
import { type Batch, type Subscription, touchedBySubscriptions } from './types.ts';

interface Fields {
  readonly name: string;
  readonly rule: RuleText;
  readonly target: TargetText;
  readonly isBatched: boolean;
  readonly count_max: number | string;
  readonly seconds_max: number | string;
}

const fieldNames = [
  'name',
  'target',
  'batch',
  'batch/count_max',
  'batch/seconds_max',
  ...[
    'task_type',
    'workflow',
    'version',
    'correlation_from',
    'priority',
    'endpoint_id',
    'customer_from',
    'title',
    'body',
    'to',
  ].map((name) => `target/${name}`),
];
const batch_usual: Batch = { count_max: 100, seconds_max: 60 };

export function NewSubscription() {
  const [parameters] = useSearchParams();
  const [start] = useState<Fields>(() => ({
    name: '',
    rule: ruleFromAddress(parameters),
    target: { ...noTarget, ...(parameters.has('endpoint') ? toEndpoint(parameters.get('endpoint')) : {}) },
    isBatched: false,
    ...batch_usual,
  }));
  return (
    <>
      <PageHeader title="New subscription" description="Something that happens for each event that matches." />
      <Form start={start} />
    </>
  );
}

const toEndpoint = (id: string | null) => ({ action: 'webhook', endpoint_id: id ?? '' });

export function EditSubscription() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useRead<Subscription>(`/v1/event-subscriptions/${encodeURIComponent(id)}`);
  if (!data) {
    return <DetailState name="Subscription" listPath="/subscriptions" error={error} onRetry={() => void refetch()} />;
  }
  const start: Fields = {
    name: data.name,
    rule: ruleTextOf(data),
    target: targetTextOf(data),
    isBatched: data.batch !== null,
    ...(data.batch ?? batch_usual),
  };
  return (
    <>
      <PageHeader title="Change the subscription" description="Events that were matched already stay as they are." />
      <Form start={start} id={id} />
    </>
  );
}

function Form({ start, id }: { start: Fields; id?: string }) {
  const navigate = useNavigate();
  const [fields, setFields] = useState(start);
  const trial = useTrial(fields.rule);
  const save = useChange(
    (body: unknown) =>
      id === undefined
        ? api.post<Subscription>('/v1/event-subscriptions', body)
        : api.patch<Subscription>(`/v1/event-subscriptions/${id}`, body),
    { touches: touchedBySubscriptions },
  );
  const errors = save.error ? fieldErrors(save.error, fieldNames) : {};
  const set = (change: Partial<Fields>) => setFields((before) => ({ ...before, ...change }));
  const target = targetOf(fields.target);
  const read = ruleOf(fields.rule);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (target === undefined || !('rule' in read)) return;
    const { name, isBatched, count_max, seconds_max } = fields;
    const body = {
      name: name.trim(),
      ...(id === undefined ? { action: fields.target.action } : {}),
      target,
      ...read.rule,
      batch: isBatched ? { count_max: Number(count_max), seconds_max: Number(seconds_max) } : null,
    };
    save.mutate(body, { onSuccess: (made) => void navigate(`/subscriptions/${made.id}`, { replace: true }) });
  }
  const isReady = fields.name.trim() !== '' && target !== undefined && 'rule' in read;
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        <Stack maw="48rem" className="surface" p="md">
          <TextInput
            label="Name"
            maxLength={200}
            required
            value={fields.name}
            error={errors['name']}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <RuleFields
            text={fields.rule}
            wrong={trial.wrong ?? (save.error ? filterWrong(save.error) : undefined)}
            other={trial.other}
            onChange={(rule) => set({ rule })}
          />
          <TargetFields
            text={fields.target}
            isNew={id === undefined}
            errors={errors}
            onChange={(changed) => set({ target: changed })}
          />
          <BatchFields fields={fields} errors={errors} set={set} />
          {save.error ? <ProblemAlert problem={save.error} /> : null}
          <FormButtons
            cancel={id === undefined ? '/subscriptions' : `/subscriptions/${id}`}
            isPending={save.isPending}
            disabled={!isReady}
            action={id === undefined ? 'Make the subscription' : 'Save'}
          />
        </Stack>
        <Section title="Tried on past events">
          <TrialResults trial={trial} />
        </Section>
      </Stack>
    </form>
  );
}

interface BatchFieldsProps {
  readonly fields: Fields;
  readonly errors: Readonly<Record<string, string>>;
  readonly set: (change: Partial<Fields>) => void;
}

function BatchFields({ fields, errors, set }: BatchFieldsProps) {
  return (
    <>
      <Checkbox
        label="Act once for several events"
        description="As one event, plinth.batch, that holds them"
        checked={fields.isBatched}
        onChange={({ currentTarget: { checked } }) => set({ isBatched: checked })}
      />
      {fields.isBatched ? (
        <FieldRow>
          <NumberInput
            label="For so many events"
            description="1 to 500"
            min={1}
            max={500}
            allowDecimal={false}
            hideControls
            value={fields.count_max}
            error={errors['batch/count_max']}
            onChange={(count_max) => set({ count_max })}
          />
          <NumberInput
            label="Or after so many seconds"
            description="From the first, 1 to 86,400"
            min={1}
            max={86_400}
            allowDecimal={false}
            hideControls
            value={fields.seconds_max}
            error={errors['batch/seconds_max']}
            onChange={(seconds_max) => set({ seconds_max })}
          />
        </FieldRow>
      ) : null}
    </>
  );
}
