import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';

/** Long enough to type a word in, short enough not to be waited for. */
const typing_ms = 300;

export interface Filters {
  /** The filter's value in the address, '' without one. */
  get(name: string): string;
  set(name: string, value: string): void;
  clear(): void;
  readonly isAny: boolean;
}

/** Filters that live in the address, so that a link shows somebody else the same. */
export function useFilters(names: readonly string[]): Filters {
  const [parameters, setParameters] = useSearchParams();
  // two changes before the page is drawn again: the router would give the second the address of before the first
  const latest = useRef(parameters);
  useEffect(() => {
    latest.current = parameters;
  }, [parameters]);
  const change = (values: Readonly<Record<string, string>>) => {
    const after = new URLSearchParams(latest.current);
    for (const [name, value] of Object.entries(values)) {
      if (value === '') after.delete(name);
      else after.set(name, value);
    }
    latest.current = after;
    setParameters(after, { replace: true });
  };
  return {
    get: (name) => parameters.get(name) ?? '',
    set: (name, value) => change({ [name]: value }),
    clear: () => change(Object.fromEntries(names.map((name) => [name, '']))),
    isAny: names.some((name) => (parameters.get(name) ?? '') !== ''),
  };
}

/** A row of filters with a way to drop them all. */
export function FilterBar({ filters, children }: { filters: Filters; children: ReactNode }) {
  return (
    <Group gap="sm" mb="sm" align="flex-end" role="search" aria-label="Filters">
      {children}
      {filters.isAny ? (
        <Button variant="subtle" onClick={filters.clear}>
          Clear filters
        </Button>
      ) : null}
    </Group>
  );
}

interface FilterProps {
  readonly filters: Filters;
  readonly name: string;
  readonly label: string;
}

interface ChoiceProps extends FilterProps {
  readonly options: readonly (string | { readonly value: string; readonly label: string })[];
  /** What it says while nothing is chosen. */
  readonly none?: string;
}

/** One of a few. A value in the address that is none of them is offered too, so that what is filtered is seen. */
export function ChoiceFilter({ filters, name, label, options, none = 'All' }: ChoiceProps) {
  const value = filters.get(name);
  const choices = options.map((one) =>
    typeof one === 'string' ? { value: one, label: one.replaceAll('_', ' ') } : one,
  );
  if (value !== '' && !choices.some((one) => one.value === value)) choices.push({ value, label: value });
  return (
    <NativeSelect
      label={label}
      value={value}
      data={[{ value: '', label: none }, ...choices]}
      maw="14rem"
      onChange={(event) => filters.set(name, event.currentTarget.value)}
    />
  );
}

/** Text, taken over when the typing rests. */
export function TextFilter({ filters, name, label, placeholder }: FilterProps & { placeholder?: string }) {
  const current = filters.get(name);
  const [text, setText] = useState(current);
  const take = useDebouncedCallback((value: string) => filters.set(name, value.trim()), typing_ms);
  // cleared, or another link of the same page
  useEffect(() => setText((typed) => (typed.trim() === current ? typed : current)), [current]);
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      type="search"
      maxLength={200}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        take(event.currentTarget.value);
      }}
    />
  );
}
