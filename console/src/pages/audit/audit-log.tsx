import { Anchor, Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { useRows } from '../../api/hooks.ts';
import type { AuditEntry, Member } from '../../api/types.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { AuditDetail } from './audit-detail.tsx';

const filterNames = ['resource_type', 'resource_id', 'action', 'actor_user_id', 'from', 'until'] as const;

/** Who changed what, newest first. The filters and the open entry are in the address. */
export function AuditLog() {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => filtersOf(search), [search]);
  const entries = useRows<AuditEntry>('/v1/audit', filters);
  const members = useRows<Member>('/v1/members');
  const people = useMemo(() => new Map(members.rows.map((member) => [member.user_id, member])), [members.rows]);
  const opened = entries.rows.find(({ id }) => id === search.get('entry'));

  const set = (changes: Record<string, string>) => {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === '') next.delete(name);
      else next.set(name, value);
    }
    setSearch(next);
  };
  const who = (entry: AuditEntry) => {
    const person = entry.actor_user_id === null ? undefined : people.get(entry.actor_user_id);
    return person ? person.display_name || person.email : entry.actor;
  };
  const columns: Column<AuditEntry>[] = [
    { id: 'at', title: 'When', width: '9rem', render: (entry) => <Time at={entry.occurred_at} /> },
    {
      id: 'what',
      title: 'What',
      width: 'minmax(14rem, 2fr)',
      render: (entry) => (
        <Anchor component="button" type="button" inherit onClick={() => set({ entry: entry.id })}>
          {entry.action} {entry.resource_type}
        </Anchor>
      ),
    },
    { id: 'who', title: 'Who', render: who },
    { id: 'from', title: 'Address', width: '8rem', render: (entry) => entry.ip_address ?? '–' },
    { id: 'resource', title: 'Resource', width: '21rem', render: (entry) => entry.resource_id ?? '–' },
  ];
  return (
    <>
      <PageHeader title="Audit log" description="Every change to the organization's data; nobody can edit it." />
      <Filters key={search.toString()} search={search} people={[...people.values()]} onApply={set} />
      <DataTable
        label="Audit log"
        columns={columns}
        source={entries}
        rowKey={(entry) => entry.id}
        onOpen={(entry) => set({ entry: entry.id })}
        height="calc(100vh - 19rem)"
        empty={
          <EmptyState
            title="Nothing was recorded"
            action={
              Object.keys(filters).length > 0 ? (
                <Button variant="default" onClick={() => setSearch({})}>
                  Without filters
                </Button>
              ) : null
            }
          >
            No change matches these filters.
          </EmptyState>
        }
      />
      {opened ? <AuditDetail entry={opened} who={who(opened)} onClose={() => set({ entry: '' })} /> : null}
    </>
  );
}

function filtersOf(search: URLSearchParams): Record<string, string> {
  const filters: Record<string, string> = {};
  for (const name of filterNames) {
    const value = search.get(name)?.trim() ?? '';
    const isDay = name === 'from' || name === 'until';
    const filter = isDay ? boundOfDay(value, name) : value;
    if (filter !== '') filters[name] = filter;
  }
  return filters;
}

/** The first or the last moment of a day in the reader's zone; empty for what is no day. */
function boundOfDay(day: string, end: 'from' | 'until'): string {
  const time = new Date(`${day}T${end === 'from' ? '00:00:00' : '23:59:59.999'}`);
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
}

interface FiltersProps {
  readonly search: URLSearchParams;
  readonly people: readonly Member[];
  readonly onApply: (changes: Record<string, string>) => void;
}

function Filters({ search, people, onApply }: FiltersProps) {
  const initial = (name: string) => search.get(name) ?? '';
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onApply(Object.fromEntries(filterNames.map((name) => [name, String(form.get(name) ?? '')])));
  }
  return (
    <form onSubmit={submit} aria-label="Filters">
      <Group align="flex-end" gap="xs" mb="md">
        <TextInput
          label="Table"
          name="resource_type"
          placeholder="api_keys"
          w="10rem"
          defaultValue={initial('resource_type')}
        />
        <TextInput label="Id" name="resource_id" w="12rem" defaultValue={initial('resource_id')} />
        <NativeSelect
          label="Action"
          name="action"
          data={[{ value: '', label: 'any' }, 'insert', 'update', 'delete']}
          defaultValue={initial('action')}
        />
        <NativeSelect
          label="Person"
          name="actor_user_id"
          data={[{ value: '', label: 'anybody' }, ...people.map((one) => ({ value: one.user_id, label: one.email }))]}
          defaultValue={initial('actor_user_id')}
        />
        <TextInput label="From" name="from" type="date" defaultValue={initial('from')} />
        <TextInput label="Until" name="until" type="date" defaultValue={initial('until')} />
        <Button type="submit" variant="default">
          Filter
        </Button>
      </Group>
    </form>
  );
}
