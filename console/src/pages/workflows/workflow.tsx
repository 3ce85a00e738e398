import { Anchor, Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { useCan, useChange, useRead, useRows } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { durationText } from '../../parts/duration.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime } from '../../parts/time.tsx';
import { usePeople } from '../projects/use-people.ts';
import { shapeOfDefinition } from '../workflow-runs/definition-graph.ts';
import { Steps } from '../workflow-runs/steps.tsx';
import type { WorkflowVersion } from '../workflow-runs/types.ts';
import { StartRun } from './start-run.tsx';

type VersionRow = Pick<WorkflowVersion, 'id' | 'version' | 'description' | 'is_active' | 'created_at'>;

/** A workflow that is data, in one of its versions: the newest, or the one of the address. */
export function WorkflowPage() {
  const { name = '' } = useParams();
  const [parameters] = useSearchParams();
  const path = `/v1/workflows/${encodeURIComponent(name)}`;
  const versions = useRows<VersionRow>(`${path}/versions`);
  const asked = Number(parameters.get('version') ?? Number.NaN);
  const newest = versions.rows.find(({ is_active }) => is_active) ?? versions.rows[0];
  const version = Number.isInteger(asked) && asked > 0 ? asked : newest?.version;
  const { data, error, refetch } = useRead<WorkflowVersion>(
    path,
    { version: version ?? null },
    { enabled: version !== undefined },
  );
  if (data) return <Found shown={data} versions={versions.rows} />;
  return (
    <DetailState
      name="Workflow"
      listPath="/workflows"
      error={versions.error ?? error}
      onRetry={() => {
        versions.reload();
        void refetch();
      }}
    />
  );
}

function Found({ shown, versions }: { shown: WorkflowVersion; versions: readonly VersionRow[] }) {
  const { name, version, is_active, definition, description, input_schema } = shown;
  const mayStart = useCan('workflow_runs:write');
  const [isStarting, setStarting] = useState(false);
  const shape = useMemo(() => shapeOfDefinition(definition, { steps: [] }), [definition]);
  return (
    <Stack gap="lg">
      <PageHeader
        title={`${name} v${version}`}
        description={
          <Group gap="xs" mt={4}>
            <StatusBadge
              status={is_active ? 'may be started' : 'not started any more'}
              tone={is_active ? 'good' : 'off'}
            />
            <PlainText text={description} chars={1_000} />
          </Group>
        }
        actions={
          <>
            <VersionChoice version={version} versions={versions} />
            <SetActive shown={shown} />
            {mayStart && is_active ? <Button onClick={() => setStarting(true)}>Start a run</Button> : null}
          </>
        }
      />
      {isStarting ? <StartRun name={name} version={version} onClose={() => setStarting(false)} /> : null}
      <Facts shown={shown} />
      <Section title="Steps">
        <Steps drawn={shape} listed={shape} definition={definition} />
      </Section>
      <div className="surface" style={{ padding: '1rem' }}>
        <Stack>
          <JsonView label="Schema of the input" value={input_schema} />
          <JsonView label="Definition" value={definition} />
        </Stack>
      </div>
    </Stack>
  );
}

/** The version is in the address. */
function VersionChoice({ version, versions }: { version: number; versions: readonly VersionRow[] }) {
  const [, setParameters] = useSearchParams();
  const known = versions.some((one) => one.version === version);
  const options = versions.map((one) => ({
    value: String(one.version),
    label: `Version ${one.version}${one.is_active ? '' : ' (not started any more)'}`,
  }));
  return (
    <NativeSelect
      aria-label="Version"
      data={known ? options : [{ value: String(version), label: `Version ${version}` }, ...options]}
      value={String(version)}
      onChange={(event) => setParameters({ version: event.currentTarget.value }, { replace: true })}
    />
  );
}

function SetActive({ shown: { name, version, is_active } }: { shown: WorkflowVersion }) {
  const may = useCan('workflows:write');
  const change = useChange(() => api.patch(`/v1/workflows/${name}/versions/${version}`, { is_active: !is_active }), {
    touches: ['/v1/workflows'],
    tells: is_active ? 'It is not started any more; its runs go on' : 'It may be started again',
  });
  if (!may) return null;
  return (
    <Button variant="default" loading={change.isPending} onClick={() => change.mutate(undefined)}>
      {is_active ? 'Stop starting it' : 'Let it be started'}
    </Button>
  );
}

function Facts({ shown }: { shown: WorkflowVersion }) {
  const people = usePeople();
  const { definition, time_max_seconds, cost_max, created_by, created_at, name } = shown;
  return (
    <DefinitionList
      label="About this version"
      entries={[
        ['Steps follow each other', definition.execution_type],
        ['Published', <ExactTime key="at" at={created_at} />],
        ['By', created_by === null ? null : <PlainText text={people.nameOf(created_by) ?? created_by} chars={200} />],
        ['Time at most', time_max_seconds === null ? null : durationText(time_max_seconds * 1_000)],
        ['Cost at most', cost_max],
        [
          'Runs',
          <Anchor key="runs" component={Link} to={`/workflow-runs?workflow=${name}`} size="sm" underline="always">
            of all its versions
          </Anchor>,
        ],
        [
          'Changes',
          <Text key="never" size="sm" component="span">
            never; a new version is put by PUT /v1/workflows/{name}
          </Text>,
        ],
      ]}
    />
  );
}
