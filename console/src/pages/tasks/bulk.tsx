import { Button, Group, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { refresh, useCan, useCount } from '../../api/hooks.ts';
import { api, type Query } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { touchedByTasks } from './types.ts';

export type BulkAction = 'cancel' | 'retry' | 'pause' | 'resume';

/** What the API changes: all of these must hold. */
export interface BulkFilter {
  readonly ids?: readonly string[];
  readonly status?: string;
  readonly task_type?: string;
  readonly project_id?: string;
  readonly error_code?: string;
}

const words: Readonly<Record<BulkAction, { verb: string; done: string; what: string; open: readonly string[] }>> = {
  cancel: {
    verb: 'Cancel',
    done: 'cancelled',
    what: 'They will not run, or are told to stop if they run now, and their subtasks with them. They can be retried.',
    open: ['blocked', 'pending', 'running', 'retrying', 'paused', 'awaiting_approval'],
  },
  retry: {
    verb: 'Retry',
    done: 'queued again',
    what: 'They run again from the start, with all their attempts; failed workflow runs go on from the steps that failed.',
    open: ['failed', 'cancelled'],
  },
  pause: {
    verb: 'Pause',
    done: 'paused',
    what: 'They are held back until somebody resumes them; what runs is stopped and costs no attempt.',
    open: ['blocked', 'pending', 'running', 'retrying'],
  },
  resume: { verb: 'Resume', done: 'resumed', what: 'They go on where they were held back.', open: ['paused'] },
};

/** From so many on the number has to be typed. */
const typed_min = 100;
const tasks_per_call = 1_000;

interface BulkBarProps {
  readonly actions: readonly BulkAction[];
  readonly chosen: ReadonlySet<string>;
  readonly onClear: () => void;
  /** What the list is filtered by, where the API can be told the same; undefined: only what is chosen can be changed. */
  readonly filter: BulkFilter | undefined;
}

interface Asked {
  readonly action: BulkAction;
  readonly filter: BulkFilter;
}

/** What can be done to the chosen tasks, or to all that match the filters. Shown to who may change tasks. */
export function BulkBar(props: BulkBarProps) {
  // a question about what was filtered before is not answered about what is filtered now
  return <Bar key={JSON.stringify(props.filter ?? null)} {...props} />;
}

function Bar({ actions, chosen, onClear, filter }: BulkBarProps) {
  const may = useCan('tasks:write');
  const [asked, setAsked] = useState<Asked>();
  if (!may) return null;
  const possible = actions.filter((action) => chosen.size > 0 || canMatch(action, filter));
  const about = chosen.size > 0 ? { ids: [...chosen] } : filter;
  return (
    <Group gap="xs" mb="sm" mih={30} role="group" aria-label="For many at once">
      <Text size="sm" role="status">
        {chosen.size > 0
          ? `${chosen.size.toLocaleString('en')} chosen`
          : filter
            ? 'All that match:'
            : 'Choose tasks, or filter by status, type or project, to change many at once.'}
      </Text>
      {about
        ? possible.map((action) => (
            <Button
              key={action}
              size="compact-sm"
              variant="default"
              onClick={() => setAsked({ action, filter: about })}
            >
              {words[action].verb} {chosen.size > 0 ? 'chosen' : 'all'}
            </Button>
          ))
        : null}
      {chosen.size > 0 ? (
        <Button size="compact-sm" variant="subtle" onClick={onClear}>
          Choose none
        </Button>
      ) : null}
      {asked ? <AskBulk {...asked} onDone={onClear} onClose={() => setAsked(undefined)} /> : null}
    </Group>
  );
}

/** With a status in the filter only some actions can do anything. */
function canMatch(action: BulkAction, filter: BulkFilter | undefined): boolean {
  return filter !== undefined && (filter.status === undefined || words[action].open.includes(filter.status));
}

/** The filter in the words of the REST dialect, with the states the action changes. */
function countedBy(action: BulkAction, { ids, status, task_type, project_id, error_code }: BulkFilter): Query {
  const states = words[action].open.filter((one) => status === undefined || one === status);
  return {
    deleted_at: 'is.null',
    status: `in.(${states.join()})`,
    ...(ids ? { id: `in.(${ids.join()})` } : {}),
    ...(task_type === undefined ? {} : { task_type: `eq.${task_type}` }),
    ...(project_id === undefined ? {} : { project_id: `eq.${project_id}` }),
    ...(error_code === undefined ? {} : { 'error->>code': `eq.${error_code}` }),
  };
}

/** Counts first, then asks; many take several calls, and those that others changed meanwhile are left alone. */
function AskBulk({ action, filter, onDone, onClose }: Asked & { onDone: () => void; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const [done, setDone] = useState<number>();
  const { verb, done: participle, what } = words[action];
  // an address has no room for the ids of hundreds
  const isCounted = (filter.ids?.length ?? 0) <= 50;
  const counted = useCount('tasks', countedBy(action, filter), { enabled: isCounted });
  const count = isCounted ? counted.data : filter.ids?.length;
  const number = count?.toLocaleString('en') ?? '…';
  const noun = count === 1 ? 'task' : 'tasks';

  async function change() {
    let cursor: string | undefined;
    let changed = 0;
    do {
      const answer: { changed: number; next_cursor: string | null } = await api.post(`/v1/tasks/${action}`, {
        filter,
        limit: tasks_per_call,
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      changed += answer.changed;
      setDone(changed);
      cursor = answer.next_cursor ?? undefined;
    } while (cursor !== undefined);
    notifications.show({
      message: `${changed.toLocaleString('en')} ${changed === 1 ? 'task' : 'tasks'} ${participle}`,
    });
    onDone();
  }

  return (
    <Confirm
      title={`${verb} ${number} ${noun}?`}
      action={`${verb} ${number} ${noun}`}
      isDestructive={action === 'cancel'}
      isReady={count !== undefined && count > 0}
      {...(count !== undefined && count >= typed_min ? { typed: String(count) } : {})}
      onConfirm={() => change().finally(() => refresh(client, [...touchedByTasks, '/v1/workflow-runs']))}
      onClose={onClose}
    >
      {count === 0 ? 'None of them is in a state for that.' : what}
      {counted.error ? ` They could not be counted: ${counted.error.message}.` : ''}
      {filter.ids === undefined ? ' New tasks that match meanwhile may be among them.' : ''}
      {action === 'cancel' ? (
        <TextInput
          mt="sm"
          label="Reason"
          description="Kept with the tasks"
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      ) : null}
      {done === undefined ? null : (
        <Text size="sm" mt="sm" role="status">
          {done.toLocaleString('en')} so far
        </Text>
      )}
    </Confirm>
  );
}
