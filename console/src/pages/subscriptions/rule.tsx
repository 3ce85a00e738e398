import { Button, Checkbox, Group, Textarea } from '@mantine/core';
import { parsedObject } from '../../parts/json-field.ts';
import { eventCategories, eventSources, type Subscription } from './types.ts';

/** Which events, as it stands in the form. */
export interface RuleText {
  readonly sources: readonly string[];
  readonly categories: readonly string[];
  readonly names: string;
  /** As text, or as a tree when it begins with a brace. */
  readonly filter: string;
}

export const anyEvent: RuleText = { sources: [], categories: [], names: '', filter: '' };

export function ruleTextOf({ sources, categories, names, filter_text }: Subscription): RuleText {
  return { sources, categories, names: names.join('\n'), filter: filter_text ?? '' };
}

export interface Rule {
  readonly sources: readonly string[];
  readonly categories: readonly string[];
  readonly names: readonly string[];
  readonly filter: unknown;
}

/** What is sent, or what is wrong with the filter as JSON. */
export function ruleOf(text: RuleText): { readonly rule: Rule } | { readonly wrong: string } {
  const { sources, categories } = text;
  const names = text.names.split(/[\s,]+/).filter((name) => name !== '');
  const filter = text.filter.trim();
  if (!filter.startsWith('{')) return { rule: { sources, categories, names, filter: filter === '' ? null : filter } };
  const parsed = parsedObject(filter);
  return parsed.wrong === undefined
    ? { rule: { sources, categories, names, filter: parsed.value } }
    : { wrong: parsed.wrong };
}

/** A filter in its other form. */
export interface OtherForm {
  readonly label: string;
  /** undefined until the server has read what is typed: that of an older filter would take its place. */
  readonly filter: string | undefined;
}

interface RuleFieldsProps {
  readonly text: RuleText;
  readonly onChange: (text: RuleText) => void;
  /** What is wrong with the filter, and where. */
  readonly wrong?: string | undefined;
  /** Where the filter can be read. */
  readonly other?: OtherForm | undefined;
}

const mono = { input: { fontFamily: 'var(--mantine-font-family-monospace)' } };

export function RuleFields({ text, onChange, wrong, other }: RuleFieldsProps) {
  return (
    <>
      <Boxes
        label="Sources"
        names={eventSources}
        chosen={text.sources}
        onChange={(sources) => onChange({ ...text, sources })}
      />
      <Boxes
        label="Categories"
        names={eventCategories}
        chosen={text.categories}
        onChange={(categories) => onChange({ ...text, categories })}
      />
      <Textarea
        label="Names"
        description="A name a line, * for any characters: order.*, pull_request.opened. None: all."
        autosize
        minRows={2}
        maxRows={10}
        styles={mono}
        value={text.names}
        onChange={(event) => onChange({ ...text, names: event.currentTarget.value })}
      />
      <Textarea
        label="Filter"
        description='A condition on the event, such as branch == "main" && !payload.deleted, or its tree as JSON. None: all.'
        autosize
        minRows={3}
        maxRows={24}
        maxLength={20_000}
        spellCheck={false}
        styles={mono}
        value={text.filter}
        error={wrong}
        onChange={(event) => onChange({ ...text, filter: event.currentTarget.value })}
      />
      {other ? (
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            disabled={other.filter === undefined}
            onClick={() => onChange({ ...text, filter: other.filter ?? text.filter })}
          >
            {other.label}
          </Button>
        </Group>
      ) : null}
    </>
  );
}

interface BoxesProps {
  readonly label: string;
  readonly names: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

function Boxes({ label, names, chosen, onChange }: BoxesProps) {
  return (
    <Checkbox.Group label={label} description="None: any" value={[...chosen]} onChange={onChange}>
      <Group gap="md" mt={6}>
        {names.map((name) => (
          <Checkbox key={name} size="xs" value={name} label={name.replaceAll('_', ' ')} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
