import { NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import { useCan, useRead } from '../../api/hooks.ts';
import { memberRoles, type Page } from '../../api/types.ts';
import { FieldRow } from '../../parts/field-row.tsx';
import { plainText } from '../../parts/plain-text.tsx';
import type { Endpoint } from '../endpoints/types.ts';
import { usePeople } from '../projects/use-people.ts';
import type { Subscription, Target } from './types.ts';

/** What is to happen, as it stands in the form. */
export interface TargetText {
  readonly action: string;
  readonly task_type: string;
  readonly workflow: string;
  readonly version: number | string;
  readonly correlation_from: string;
  readonly priority: number | string;
  readonly endpoint_id: string;
  readonly customer_from: string;
  readonly title: string;
  readonly body: string;
  /** `everyone`, `role <name>` or `user <id>`. */
  readonly to: string;
}

export const noTarget: TargetText = {
  action: 'task',
  task_type: '',
  workflow: '',
  version: '',
  correlation_from: '',
  priority: '',
  endpoint_id: '',
  customer_from: '',
  title: '',
  body: '',
  to: 'everyone',
};

export function targetTextOf({ action, target }: Subscription): TargetText {
  const { to, ...rest } = target;
  return { ...noTarget, ...rest, action, to: toText(to) };
}

function toText(to: Target['to']): string {
  if (to?.role !== undefined) return `role ${to.role}`;
  return to?.user_id === undefined ? 'everyone' : `user ${to.user_id}`;
}

function toOf(text: string): NonNullable<Target['to']> {
  const [kind, of = ''] = text.split(' ');
  return kind === 'role' ? { role: of } : kind === 'user' ? { user_id: of } : { everyone: true };
}

const given = (name: string, value: number | string) => (value === '' ? {} : { [name]: Number(value) });

/** What is sent; undefined while something is still to be chosen. */
export function targetOf(text: TargetText): Target | undefined {
  const { action, task_type, workflow, endpoint_id } = text;
  const [correlation_from, customer_from] = [text.correlation_from.trim(), text.customer_from.trim()];
  if (action === 'task') return task_type === '' ? undefined : { task_type, ...given('priority', text.priority) };
  if (action === 'webhook') {
    if (endpoint_id !== '') return { endpoint_id };
    return customer_from === '' ? undefined : { customer_from };
  }
  if (action === 'notification') {
    const [title, body] = [text.title.trim(), text.body.trim()];
    return title === '' ? undefined : { title, ...(body === '' ? {} : { body }), to: toOf(text.to) };
  }
  if (workflow === '') return undefined;
  return {
    workflow,
    ...given('version', text.version),
    ...given('priority', text.priority),
    ...(correlation_from === '' ? {} : { correlation_from }),
  };
}

interface TargetFieldsProps {
  readonly text: TargetText;
  readonly isNew: boolean;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (text: TargetText) => void;
}

/** Addresses of endpoints by their ids, as far as one page of the list goes. */
export function useEndpointUrls(): ReadonlyMap<string, string> {
  const { data } = useRead<Page<Endpoint>>('/v1/event-endpoints', { limit: 200 });
  return new Map(data?.data.map(({ id, url }) => [id, url]));
}

const mono = { input: { fontFamily: 'var(--mantine-font-family-monospace)' } };

export function TargetFields({ text, isNew, errors, onChange }: TargetFieldsProps) {
  const set =
    (name: keyof TargetText) =>
    ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      onChange({ ...text, [name]: value });
  // where the server has notifications at all
  const mayNotify = useCan('notifications:read') || text.action === 'notification';
  return (
    <>
      <NativeSelect
        label="What happens"
        description={isNew ? undefined : 'Stays as it is: make another subscription for something else'}
        disabled={!isNew}
        data={[
          { value: 'task', label: 'a task is enqueued' },
          { value: 'workflow', label: 'a workflow is started' },
          { value: 'webhook', label: 'a webhook is sent' },
          ...(mayNotify ? [{ value: 'notification', label: 'members are notified' }] : []),
        ]}
        value={text.action}
        onChange={set('action')}
      />
      {text.action === 'task' ? <TaskFields {...{ text, errors, onChange }} /> : null}
      {text.action === 'workflow' ? <WorkflowFields {...{ text, errors, onChange }} /> : null}
      {text.action === 'notification' ? <NotificationFields {...{ text, errors, onChange }} /> : null}
      {text.action === 'webhook' ? <WebhookFields {...{ text, errors, onChange }} /> : null}
    </>
  );
}

type FieldsProps = Pick<TargetFieldsProps, 'text' | 'errors' | 'onChange'>;

/** The choice with what is chosen already, also where the list does not have it. */
function withChosen(options: readonly { value: string; label: string }[], chosen: string, none: string) {
  const isKnown = chosen === '' || options.some(({ value }) => value === chosen);
  return [{ value: '', label: none }, ...options, ...(isKnown ? [] : [{ value: chosen, label: chosen }])];
}

function TaskFields({ text, errors, onChange }: FieldsProps) {
  const types = useRead<Page<{ task_type: string }>>('/v1/task-types');
  const options = (types.data?.data ?? []).map(({ task_type: value }) => ({ value, label: value }));
  return (
    <FieldRow>
      <NativeSelect
        label="Task type"
        data={withChosen(options, text.task_type, 'Choose a type')}
        value={text.task_type}
        error={errors['target/task_type']}
        onChange={(event) => onChange({ ...text, task_type: event.currentTarget.value })}
      />
      <Priority {...{ text, errors, onChange }} />
    </FieldRow>
  );
}

function WorkflowFields({ text, errors, onChange }: FieldsProps) {
  const workflows = useRead<Page<{ name: string }>>('/v1/workflows');
  const options = (workflows.data?.data ?? []).map(({ name }) => ({ value: name, label: name }));
  return (
    <>
      <FieldRow>
        <NativeSelect
          label="Workflow"
          data={withChosen(options, text.workflow, 'Choose a workflow')}
          value={text.workflow}
          error={errors['target/workflow'] ?? errors['target']}
          onChange={(event) => onChange({ ...text, workflow: event.currentTarget.value })}
        />
        <NumberInput
          label="Version"
          placeholder="the newest"
          min={1}
          allowDecimal={false}
          hideControls
          value={text.version}
          error={errors['target/version']}
          onChange={(version) => onChange({ ...text, version })}
        />
        <Priority {...{ text, errors, onChange }} />
      </FieldRow>
      <TextInput
        label="Correlation key from"
        description="A place in the event, such as payload.order.id: events for a run find it by this value. May be empty."
        autoComplete="off"
        styles={mono}
        value={text.correlation_from}
        error={errors['target/correlation_from']}
        onChange={(event) => onChange({ ...text, correlation_from: event.currentTarget.value })}
      />
    </>
  );
}

function Priority({ text, errors, onChange }: FieldsProps) {
  return (
    <NumberInput
      label="Priority"
      placeholder="0; higher runs first"
      min={-1000}
      max={1000}
      allowDecimal={false}
      hideControls
      value={text.priority}
      error={errors['target/priority']}
      onChange={(priority) => onChange({ ...text, priority })}
    />
  );
}

function WebhookFields({ text, errors, onChange }: FieldsProps) {
  const options = [...useEndpointUrls()].map(([value, url]) => ({ value, label: plainText(url, 80) }));
  return (
    <>
      <NativeSelect
        label="To"
        data={withChosen(options, text.endpoint_id, 'the endpoints of the customer whom the event names')}
        value={text.endpoint_id}
        error={errors['target/endpoint_id']}
        onChange={(event) => onChange({ ...text, endpoint_id: event.currentTarget.value })}
      />
      {text.endpoint_id === '' ? (
        <TextInput
          label="The customer is named at"
          description="A place in the event, such as payload.customer_id"
          autoComplete="off"
          styles={mono}
          value={text.customer_from}
          error={errors['target/customer_from'] ?? errors['target']}
          onChange={(event) => onChange({ ...text, customer_from: event.currentTarget.value })}
        />
      ) : null}
    </>
  );
}

function NotificationFields({ text, errors, onChange }: FieldsProps) {
  const { members } = usePeople();
  const options = [
    { value: 'everyone', label: 'everyone' },
    ...memberRoles.map((role) => ({ value: `role ${role}`, label: `everybody with the role ${role}` })),
    ...members.map(({ user_id, display_name, email }) => ({
      value: `user ${user_id}`,
      label: plainText(display_name || email, 100),
    })),
  ];
  const isKnown = options.some(({ value }) => value === text.to);
  return (
    <>
      <NativeSelect
        label="Who is told"
        data={isKnown ? options : [...options, { value: text.to, label: text.to }]}
        value={text.to}
        error={errors['target/to']}
        onChange={(event) => onChange({ ...text, to: event.currentTarget.value })}
      />
      <TextInput
        label="Title"
        description="Plain text; {{type}}, {{title}} or {{payload.order.id}} stand for what the event has there"
        maxLength={500}
        value={text.title}
        error={errors['target/title']}
        onChange={(event) => onChange({ ...text, title: event.currentTarget.value })}
      />
      <Textarea
        label="Text"
        autosize
        minRows={2}
        maxRows={10}
        maxLength={4_000}
        value={text.body}
        error={errors['target/body']}
        onChange={(event) => onChange({ ...text, body: event.currentTarget.value })}
      />
    </>
  );
}
