import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { containing } from '../../api/use-table-rows.ts';
import { plainText } from '../../parts/plain-text.tsx';
import type { TableInfo } from './types.ts';

interface Operator {
  readonly value: string;
  readonly label: string;
  readonly placeholder?: string;
  /** The filter is whole without a value. */
  readonly alone?: true;
}

const operators: readonly Operator[] = [
  { value: 'eq', label: 'equals' },
  { value: 'neq', label: 'differs from' },
  { value: 'has', label: 'contains text' },
  { value: 'gt', label: 'greater than' },
  { value: 'gte', label: 'at least' },
  { value: 'lt', label: 'less than' },
  { value: 'lte', label: 'at most' },
  { value: 'in', label: 'is one of', placeholder: '(a,b,"c, d")' },
  { value: 'cs', label: 'contains (JSON, array)', placeholder: '{"key": "value"}' },
  { value: 'is.null', label: 'is null', alone: true },
  { value: 'not.is.null', label: 'is not null', alone: true },
];

interface AddFilterProps {
  readonly table: TableInfo;
  readonly onAdd: (column: string, filter: string) => void;
}

/** A condition on a column in the dialect's words; another on the same column takes its place. */
export function AddFilter({ table, onAdd }: AddFilterProps) {
  const names = table.columns.map(({ name }) => name);
  const [column, setColumn] = useState(names[0] ?? '');
  const [operator, setOperator] = useState('eq');
  const [value, setValue] = useState('');
  const chosen = operators.find((one) => one.value === operator);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (chosen?.alone) onAdd(column, operator);
    else if (operator === 'has') onAdd(column, `ilike.${containing(value)}`);
    else onAdd(column, `${operator}.${value}`);
    setValue('');
  }
  return (
    <form onSubmit={submit} aria-label="Add a filter">
      <Group gap="xs" align="flex-end">
        <NativeSelect
          label="Column"
          data={names}
          value={column}
          onChange={(event) => setColumn(event.currentTarget.value)}
        />
        <NativeSelect
          label="Condition"
          data={operators.map(({ value: one, label }) => ({ value: one, label }))}
          value={operator}
          onChange={(event) => setOperator(event.currentTarget.value)}
        />
        <TextInput
          label="Value"
          placeholder={chosen?.placeholder}
          disabled={chosen?.alone === true}
          maxLength={2_000}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          Add filter
        </Button>
      </Group>
    </form>
  );
}

interface ActiveFiltersProps {
  readonly filters: ReadonlyMap<string, string>;
  readonly onRemove: (column: string) => void;
}

/** The filters that hold, each a button that drops it. */
export function ActiveFilters({ filters, onRemove }: ActiveFiltersProps) {
  if (filters.size === 0) return null;
  return (
    <Group gap="xs" role="group" aria-label="Filters">
      {[...filters].map(([column, filter]) => {
        const text = plainText(`${column}=${filter}`, 80);
        return (
          <Button
            key={column}
            variant="light"
            size="compact-sm"
            rightSection={<IconX size={13} aria-hidden />}
            aria-label={`Remove the filter ${text}`}
            onClick={() => onRemove(column)}
          >
            <bdi>{text}</bdi>
          </Button>
        );
      })}
    </Group>
  );
}
