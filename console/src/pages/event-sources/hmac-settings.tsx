import { NativeSelect, Stack, TextInput } from '@mantine/core';
import type { Problem } from '../../api/problem.ts';
import { FieldRow } from '../../parts/field-row.tsx';

export interface HmacFields {
  readonly header: string;
  readonly algorithm: string;
  readonly encoding: string;
  readonly prefix: string;
  readonly id_header: string;
  readonly kind_header: string;
}

export const fresh: HmacFields = {
  header: 'X-Signature-256',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: '',
  id_header: '',
  kind_header: '',
};

/** As the API takes them: what is empty is left out. */
export const settingsOf = (fields: HmacFields): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value.trim() ? [[name, value.trim()]] : [])));

interface HmacSettingsProps {
  readonly fields: HmacFields;
  readonly problem: Problem | null;
  readonly onChange: (fields: HmacFields) => void;
}

/** How the sender signs the body, from its documentation. */
export function HmacSettings({ fields, problem, onChange }: HmacSettingsProps) {
  const text = (name: keyof HmacFields, label: string, description: string) => (
    <TextInput
      label={label}
      description={description}
      maxLength={100}
      autoComplete="off"
      error={problem?.errors.find(({ path }) => path.endsWith(`/configuration/${name}`))?.message}
      value={fields[name]}
      onChange={({ currentTarget: { value } }) => onChange({ ...fields, [name]: value })}
    />
  );
  const choice = (name: keyof HmacFields, label: string, data: readonly string[]) => (
    <NativeSelect
      label={label}
      data={[...data]}
      value={fields[name]}
      onChange={({ currentTarget: { value } }) => onChange({ ...fields, [name]: value })}
    />
  );
  return (
    <Stack gap="sm">
      <FieldRow>
        {text('header', 'Header of the signature', 'Where the sender puts it')}
        {text('prefix', 'Prefix', 'What stands before it, such as sha256=')}
      </FieldRow>
      <FieldRow>
        {choice('algorithm', 'Algorithm', ['sha256', 'sha512'])}
        {choice('encoding', 'Encoding', ['hex', 'base64'])}
      </FieldRow>
      <FieldRow>
        {text('id_header', 'Header of the id', 'If it sends one; repeats are known by it')}
        {text('kind_header', 'Header of the type', 'If it sends one; else all are message')}
      </FieldRow>
    </Stack>
  );
}
