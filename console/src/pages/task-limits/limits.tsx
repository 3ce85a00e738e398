import { Button, Group, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'react-router';
import { forget, useCan, useChange, useRead, useRows } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { durationText } from '../../parts/duration.ts';
import { FieldRow } from '../../parts/field-row.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { EmptyState, ProblemAlert } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';

interface Limit {
  readonly id: string;
  readonly key: string;
  readonly concurrency_limit: number | null;
  readonly rate_limit: number | null;
  readonly rate_seconds: number | null;
  readonly updated_at: string;
}

interface LimitInUse extends Limit {
  readonly held: number;
  readonly waiting: number;
  readonly rate_renews_at: string | null;
}

const touched = ['/v1/task-limits'];
const refresh_ms = 5_000;
const pathOf = (key: string) => `/v1/task-limits/${encodeURIComponent(key)}`;

const columnsFor = (mayWrite: boolean, open: (key: string) => void, remove: (key: string) => void): Column<Limit>[] => [
  {
    id: 'key',
    title: 'Concurrency key',
    width: 'minmax(12rem, 2fr)',
    render: ({ key }) => <PlainText text={key} chars={200} />,
  },
  {
    id: 'concurrency',
    title: 'At once',
    width: '7rem',
    align: 'end',
    render: ({ concurrency_limit }) => concurrency_limit?.toLocaleString('en') ?? 'no limit',
  },
  {
    id: 'rate',
    title: 'Rate',
    width: 'minmax(9rem, 1fr)',
    render: ({ rate_limit, rate_seconds }) =>
      rate_limit === null || rate_seconds === null
        ? 'no limit'
        : `${rate_limit.toLocaleString('en')} in ${durationText(rate_seconds * 1_000)}`,
  },
  { id: 'use', title: 'In use', width: 'minmax(12rem, 2fr)', render: ({ key }) => <InUse limitKey={key} /> },
  { id: 'changed', title: 'Changed', width: '8.5rem', render: ({ updated_at }) => <Time at={updated_at} /> },
  ...(mayWrite
    ? [
        {
          id: 'do',
          title: '',
          width: '11rem',
          render: ({ key }: Limit) => (
            <Group gap="xs" wrap="nowrap">
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`Change ${plainText(key)}`}
                onClick={() => open(key)}
              >
                Change
              </Button>
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`Remove ${plainText(key)}`}
                onClick={() => remove(key)}
              >
                Remove
              </Button>
            </Group>
          ),
        },
      ]
    : []),
];

/** How many tasks with a key run at once, and in a time; a key to change is in the address. */
export function Limits() {
  const mayWrite = useCan('task_limits:write');
  const [parameters, setParameters] = useSearchParams();
  const [removed, setRemoved] = useState<string>();
  const source = useRows<Limit>('/v1/task-limits');
  const edited = parameters.get('key');
  const isOpen = mayWrite && (edited !== null || parameters.has('new'));
  const limit = source.rows.find(({ key }) => key === edited);
  const close = () => setParameters({}, { replace: true });
  const make = mayWrite ? <Button onClick={() => setParameters({ new: '' })}>New limit</Button> : null;
  return (
    <>
      <PageHeader
        title="Limits"
        description="Tasks with an equal concurrency key share a limit, over all types and processes."
        actions={make}
      />
      <DataTable
        label="Limits"
        columns={columnsFor(mayWrite, (key) => setParameters({ key }), setRemoved)}
        source={source}
        rowKey={({ id }) => id}
        empty={
          <EmptyState title="No limits yet" action={make}>
            <Text size="sm">Without one a task goes by its own limit, or by that of its definition.</Text>
          </EmptyState>
        }
      />
      {isOpen && (edited === null || limit) ? (
        <EditLimit key={edited ?? ''} {...(limit ? { limit } : {})} onClose={close} />
      ) : null}
      {removed === undefined ? null : <RemoveLimit limitKey={removed} onClose={() => setRemoved(undefined)} />}
    </>
  );
}

/** Rows in sight ask for themselves: a list of a thousand would count a thousand keys. */
function InUse({ limitKey }: { limitKey: string }) {
  const { data } = useRead<LimitInUse>(pathOf(limitKey), {}, { refetchEveryMs: refresh_ms });
  if (!data) return '…';
  return (
    <span>
      {data.held.toLocaleString('en')} held, {data.waiting.toLocaleString('en')} waiting
      {data.rate_renews_at === null ? null : (
        <>
          , more <Time at={data.rate_renews_at} />
        </>
      )}
    </span>
  );
}

function RemoveLimit({ limitKey, onClose }: { limitKey: string; onClose: () => void }) {
  const client = useQueryClient();
  async function remove() {
    await api.delete(pathOf(limitKey));
    forget(client, pathOf(limitKey));
    await client.invalidateQueries({ queryKey: ['/v1/task-limits'] });
  }
  return (
    <Confirm title="Remove this limit?" action="Remove" onConfirm={remove} onClose={onClose}>
      Tasks with the key <PlainText text={limitKey} chars={200} /> go by their own limits, at once.
    </Confirm>
  );
}

function EditLimit({ limit, onClose }: { limit?: Limit; onClose: () => void }) {
  const [key, setKey] = useState(limit?.key ?? '');
  const [most, setMost] = useState<number | string>(limit?.concurrency_limit ?? '');
  const [rate, setRate] = useState<number | string>(limit?.rate_limit ?? '');
  const [time, setTime] = useState<number | string>(limit?.rate_seconds ?? '');
  const save = useChange((body: unknown) => api.put(pathOf(key.trim()), body), { touches: touched });
  const errors = save.error ? fieldErrors(save.error, ['concurrency_limit', 'rate_limit', 'rate_seconds', 'key']) : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate(
      {
        ...(most === '' ? {} : { concurrency_limit: Number(most) }),
        ...(rate === '' ? {} : { rate_limit: Number(rate) }),
        ...(time === '' ? {} : { rate_seconds: Number(time) }),
      },
      {
        onSuccess: () => {
          notifications.show({ message: 'The limit holds from now on' });
          onClose();
        },
      },
    );
  }
  return (
    <Dialog onClose={onClose} title={limit ? 'Change the limit' : 'New limit'}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label="Concurrency key"
            description="What tasks name as their concurrency_key"
            maxLength={200}
            required
            data-autofocus={limit === undefined || undefined}
            autoComplete="off"
            disabled={limit !== undefined}
            value={key}
            error={errors['key']}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          <NumberInput
            label="At once"
            data-autofocus={limit !== undefined || undefined}
            description="Tasks with the key that workers hold; empty: no limit"
            min={1}
            max={1_000_000}
            allowDecimal={false}
            hideControls
            value={most}
            error={errors['concurrency_limit']}
            onChange={setMost}
          />
          <FieldRow>
            <NumberInput
              label="Rate"
              description="Tasks that are begun; empty: no limit"
              min={1}
              max={1_000_000}
              allowDecimal={false}
              hideControls
              value={rate}
              error={errors['rate_limit']}
              onChange={setRate}
            />
            <NumberInput
              label="in so many seconds"
              description="1 to 86,400"
              min={1}
              max={86_400}
              hideControls
              value={time}
              error={errors['rate_seconds']}
              onChange={setTime}
            />
          </FieldRow>
          {save.error ? <ProblemAlert problem={save.error} /> : null}
          <FormButtons action="Save" isPending={save.isPending} disabled={key.trim() === ''} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
