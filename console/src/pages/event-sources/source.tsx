import { Anchor, Group, List, Stack, Text } from '@mantine/core';
import { Link, useParams } from 'react-router';
import { useRead, useRows } from '../../api/hooks.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { eventColumns } from '../events/event-columns.tsx';
import type { EventRow } from '../events/types.ts';
import { SourceActions } from './source-actions.tsx';
import { type EventSource, type SourceHealth, schemeOf } from './types.ts';

const refresh_ms = 5_000;
const refused_shown = 10;

export function SourcePage() {
  const { id = '' } = useParams();
  const path = `/v1/event-sources/${encodeURIComponent(id)}`;
  const { data, error, refetch } = useRead<EventSource>(path);
  if (data) return <Found source={data} path={path} />;
  return <DetailState name="Event source" listPath="/event-sources" error={error} onRetry={() => void refetch()} />;
}

function Found({ source, path }: { source: EventSource; path: string }) {
  const { name, is_active, scheme } = source;
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(name, 200)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={is_active ? 'active' : 'paused'} />
            <span>{schemeOf(scheme).label}</span>
          </Group>
        }
        actions={<SourceActions source={source} path={path} />}
      />
      <Health path={path} scheme={scheme} />
      <Facts source={source} />
      <Events id={source.id} />
    </Stack>
  );
}

function Health({ path, scheme }: { path: string; scheme: string }) {
  const { data, error, refetch } = useRead<SourceHealth>(`${path}/health`, {}, { refetchEveryMs: refresh_ms });
  return (
    <Section title="Health">
      {data ? (
        <Stack gap="xs" className="surface" p="md">
          <Text size="sm">
            {data.has_received ? (
              <>
                Last received: <Time at={data.last_received_at} none="long ago" />
              </>
            ) : (
              `Nothing was received yet. ${schemeOf(scheme).setup}`
            )}
          </Text>
          <Refused health={data} />
        </Stack>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <LoadingState lines={2} />
      )}
    </Section>
  );
}

/** What is wrong at the sender, by the codes of refusals. */
const reasons: Readonly<Record<string, string>> = {
  signature_mismatch: 'signed with another secret, or changed on the way',
  signature_missing: 'not signed: set the secret at the sender',
  signature_malformed: 'signed in another way: is the sender of this kind?',
  timestamp_out_of_tolerance: 'sent more than five minutes ago, or the clocks differ',
  timestamp_missing: 'without a time: is the sender of this kind?',
  timestamp_invalid: 'with a time that is none',
  header_missing: 'without a header it has to have',
  header_invalid: 'with a header that is not allowed',
  header_repeated: 'with a header sent twice',
  webhook_secret_missing: 'this source has no usable secret',
};

function Refused({ health: { refused } }: { health: SourceHealth }) {
  if (refused.length === 0) return <Text size="sm">No webhook was refused in the last 24 hours.</Text>;
  return (
    <>
      <Text size="sm" c="var(--mantine-color-error)">
        Refused in the last 24 hours; of many in a short time one a minute is recorded:
      </Text>
      <List size="sm">
        {refused.slice(0, refused_shown).map(({ occurred_at, code }) => (
          <List.Item key={`${occurred_at} ${code}`}>
            <ExactTime at={occurred_at} />: {reasons[code] ?? code.replaceAll('_', ' ')} ({code})
          </List.Item>
        ))}
      </List>
      {refused.length > refused_shown ? <Text size="sm">and {refused.length - refused_shown} more</Text> : null}
    </>
  );
}

function Facts({ source }: { source: EventSource }) {
  const { token_last4, scheme, configuration, previous_secret_expires_at: old, project_id, created_at, id } = source;
  const isAccepted = old !== null && new Date(old) > new Date();
  return (
    <DefinitionList
      label="About this source"
      entries={[
        ['Address ends in', `${token_last4} (it was shown whole when it was made)`],
        [
          'Old secret',
          isAccepted ? (
            <>
              accepted until <ExactTime at={old} />
            </>
          ) : null,
        ],
        [
          'Project',
          project_id === null ? null : (
            <Anchor component={Link} to={`/projects/${project_id}`} inherit>
              {project_id}
            </Anchor>
          ),
        ],
        ...(scheme === 'hmac'
          ? Object.entries(configuration).map(
              ([name, value]) =>
                [name.replaceAll('_', ' '), <PlainText key={name} text={String(value)} chars={100} />] as const,
            )
          : []),
        ['Made', <ExactTime key="made" at={created_at} />],
        ['Id', id],
      ]}
    />
  );
}

function Events({ id }: { id: string }) {
  const source = useRows<EventRow>('/v1/events', { source_id: id, limit: 50 }, { refetchEveryMs: refresh_ms });
  const shown = eventColumns.filter((column) => column.id !== 'source');
  return (
    <Section
      title="Events"
      actions={
        <>
          <Anchor component={Link} to={`/events?source_id=${id}&status=failed`} size="sm">
            Those that failed
          </Anchor>
          <Anchor component={Link} to={`/events?source_id=${id}`} size="sm">
            Search them
          </Anchor>
        </>
      }
    >
      <DataTable
        label="Events of this source"
        columns={shown}
        source={source}
        rowKey={(event) => event.id}
        height="24rem"
        empty={<EmptyState title="No events of this source">What its sender tells is listed here.</EmptyState>}
      />
    </Section>
  );
}
