import { TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { ChoiceFilter, type Filters } from './filter-bar.tsx';

const hours = { hour: 1, day: 24, week: 168, month: 720 } as const;
/** Filters a time range takes in the address. */
export const rangeNames = ['time', 'since', 'until'] as const;

/** The times that are asked for, as the API takes them; the same text while the filter stays, so that it is one question. */
export function useRange(filters: Filters): { readonly since?: string; readonly until?: string } {
  const [time, since, until] = rangeNames.map((name) => filters.get(name));
  return useMemo(() => {
    if (time !== 'between') {
      const back = hours[time as keyof typeof hours];
      return back === undefined ? {} : { since: new Date(Date.now() - back * 3_600_000).toISOString() };
    }
    return { ...instant('since', since), ...instant('until', until) };
  }, [time, since, until]);
}

/** A time of the reader's clocks; what is none is left out. */
function instant(name: string, local: string | undefined) {
  const at = new Date(local ?? '');
  return Number.isNaN(at.getTime()) ? {} : { [name]: at.toISOString() };
}

/** The last hour, day, week or month, or from one time to another, by the reader's clocks. */
export function RangeFilter({ filters, label }: { filters: Filters; label: string }) {
  const field = (name: 'since' | 'until', text: string) => (
    <TextInput
      label={text}
      type="datetime-local"
      value={filters.get(name)}
      onChange={(event) => filters.set(name, event.currentTarget.value)}
    />
  );
  return (
    <>
      <ChoiceFilter
        filters={filters}
        name="time"
        label={label}
        none="At any time"
        options={[
          { value: 'hour', label: 'in the last hour' },
          { value: 'day', label: 'in the last 24 hours' },
          { value: 'week', label: 'in the last 7 days' },
          { value: 'month', label: 'in the last 30 days' },
          { value: 'between', label: 'between two times' },
        ]}
      />
      {filters.get('time') === 'between' ? (
        <>
          {field('since', 'From')}
          {field('until', 'Until')}
        </>
      ) : null}
    </>
  );
}
