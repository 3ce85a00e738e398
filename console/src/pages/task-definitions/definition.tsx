import { Button, Group, NativeSelect, Stack } from '@mantine/core';
import { Link, useParams, useSearchParams } from 'react-router';
import { useCan, useChange, useRead, useRows } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { durationText } from '../../parts/duration.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime } from '../../parts/time.tsx';
import { usePeople } from '../projects/use-people.ts';
import type { TaskDefinition } from './types.ts';

const seconds = (value: number) => durationText(value * 1_000);

/** A definition in one of its versions: the newest that is active, or the one of the address. */
export function DefinitionPage() {
  const { name = '' } = useParams();
  const [parameters] = useSearchParams();
  const versions = useRows<TaskDefinition>(`/v1/task-definitions/${encodeURIComponent(name)}/versions`);
  const asked = Number(parameters.get('version'));
  const shown =
    versions.rows.find(({ version }) => version === asked) ??
    versions.rows.find(({ is_active }) => is_active) ??
    versions.rows[0];
  if (shown) return <Found shown={shown} versions={versions.rows} />;
  return (
    <DetailState
      name="Task definition"
      listPath="/task-definitions"
      error={versions.error}
      onRetry={() => versions.reload()}
    />
  );
}

function Found({ shown, versions }: { shown: TaskDefinition; versions: readonly TaskDefinition[] }) {
  const [, setParameters] = useSearchParams();
  const { name, version, is_active, description, task_type } = shown;
  return (
    <Stack gap="lg">
      <PageHeader
        title={`${name} v${version}`}
        description={
          <Group gap="xs" mt={4}>
            <StatusBadge status={is_active ? 'active' : 'off'} />
            <PlainText text={description} chars={1_000} />
          </Group>
        }
        actions={
          <>
            <NativeSelect
              aria-label="Version"
              data={versions.map((one) => ({
                value: String(one.version),
                label: `Version ${one.version}${one.is_active ? '' : ' (off)'}`,
              }))}
              value={String(version)}
              onChange={(event) => setParameters({ version: event.currentTarget.value }, { replace: true })}
            />
            <SetActive shown={shown} />
            <Button variant="default" component={Link} to={`/tasks?type=${task_type}`}>
              Show tasks
            </Button>
          </>
        }
      />
      <Facts shown={shown} />
      <div className="surface" style={{ padding: '1rem' }}>
        <Stack>
          <JsonView label="Schema of the parameters" value={shown.parameter_schema} />
          <JsonView label="Defaults" value={shown.default_configuration} />
        </Stack>
      </div>
    </Stack>
  );
}

function SetActive({ shown: { name, version, is_active } }: { shown: TaskDefinition }) {
  const may = useCan('task_definitions:write');
  const change = useChange(
    () => api.patch(`/v1/task-definitions/${name}/versions/${version}`, { is_active: !is_active }),
    {
      touches: ['/v1/task-definitions'],
      tells: is_active ? 'It is enqueued no more; its tasks go on' : 'It may be enqueued again',
    },
  );
  if (!may) return null;
  return (
    <Button variant="default" loading={change.isPending} onClick={() => change.mutate(undefined)}>
      {is_active ? 'Turn off' : 'Turn on'}
    </Button>
  );
}

function Facts({ shown }: { shown: TaskDefinition }) {
  const people = usePeople();
  const types = useRead<{ data: readonly { task_type: string }[] }>('/v1/task-types');
  const isKnown = types.data?.data.some(({ task_type }) => task_type === shown.task_type) ?? true;
  const needs = [
    shown.cpu_cores === null ? '' : `${shown.cpu_cores} cores`,
    shown.memory_mb === null ? '' : `${shown.memory_mb} MB of memory`,
    shown.disk_mb === null ? '' : `${shown.disk_mb} MB of disk`,
  ].filter((one) => one !== '');
  const { concurrency_key, concurrency_limit, max_retries, created_by } = shown;
  return (
    <DefinitionList
      label="About this version"
      entries={[
        ['Type of task', `${shown.task_type}${isKnown ? '' : ' (nothing here runs it)'}`],
        ['Runs', shown.is_external ? 'in workers outside this program' : 'in this program'],
        ['Stopped after', seconds(shown.timeout_seconds)],
        ['Tried', `${max_retries + 1} ${max_retries === 0 ? 'time' : 'times'} at most`],
        [
          'Pauses between',
          max_retries === 0
            ? null
            : `${seconds(shown.retry_delay_seconds)}, times ${shown.retry_backoff_multiplier} each time, at most ${seconds(shown.retry_delay_max_seconds)}; up to ${Math.round(shown.retry_jitter * 100)} % by chance`,
        ],
        ['Never tried again after', shown.non_retryable_codes.join(', ')],
        ['Needs', needs.join(', ')],
        ['Concurrency key', concurrency_key === null ? null : <PlainText text={concurrency_key} chars={200} />],
        ['At once with that key', concurrency_limit],
        ['Made', <ExactTime key="made" at={shown.created_at} />],
        ['By', created_by === null ? null : <PlainText text={people.nameOf(created_by) ?? created_by} chars={200} />],
      ]}
    />
  );
}
