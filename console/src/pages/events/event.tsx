import { Anchor, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { useRead } from '../../api/hooks.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { ExternalLink } from '../../parts/external-link.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { hasEnded } from '../tasks/types.ts';
import { CopyAsCurl, Forms } from './forms.tsx';
import { Journey } from './journey.tsx';
import { RetryEvent } from './retry-event.tsx';
import type { EventDetail } from './types.ts';

const refresh_ms = 3_000;
/** Larger events are not read again and again while their tasks run. */
const refreshed_bytes_max = 200_000;

export function EventPage() {
  const { id = '' } = useParams();
  const path = `/v1/events/${encodeURIComponent(id)}`;
  const { data: event, error, refetch } = useRead<EventDetail>(path);
  // the same answer, asked for again while something may still happen
  useRead<EventDetail>(path, {}, { enabled: event !== undefined && isLive(event), refetchEveryMs: refresh_ms });
  if (event) return <Found event={event} />;
  return <DetailState name="Event" listPath="/events" error={error} onRetry={() => void refetch()} />;
}

/** The senders whose events have typed columns. */
const senders = [
  ['github', 'GitHub'],
  ['linear', 'Linear'],
  ['slack', 'Slack'],
  ['deployment', 'Deployment'],
] as const;

function isLive({ status, journey, payload_bytes }: EventDetail): boolean {
  if (payload_bytes > refreshed_bytes_max) return false;
  return status === 'pending' || journey.some(({ task_status }) => task_status !== null && !hasEnded(task_status));
}

function Found({ event }: { event: EventDetail }) {
  const { title, type, status, source } = event;
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(title || type, 200)}
        description={
          <Group gap="xs" mt={4}>
            <StatusBadge status={status} />
            <PlainText text={type} />
            <span>from {source.replaceAll('_', ' ')}</span>
            <Time at={event.occurred_at} />
          </Group>
        }
        actions={
          <>
            {status === 'failed' ? <RetryEvent id={event.id} /> : null}
            <CopyAsCurl id={event.id} />
          </>
        }
      />
      <Section title="Journey">
        <Journey event={event} />
      </Section>
      <Section title="Columns">
        <DefinitionList label="Columns" entries={columnsOf(event)} />
      </Section>
      {senders.map(([sender, name]) => {
        const columns = event[sender];
        return columns ? (
          <Section key={sender} title={`${name} columns`}>
            <DefinitionList label={`${name} columns`} entries={Object.entries(columns).map(typed)} />
          </Section>
        ) : null;
      })}
      <Forms event={event} />
    </Stack>
  );
}

const linked = (place: string, id: string | null): ReactNode =>
  id === null ? null : (
    <Anchor component={Link} to={`${place}/${id}`} inherit>
      {id}
    </Anchor>
  );

/** What the organization says of events of this name, if it does. */
function TypeLink({ event: { source, type, event_type_id } }: { event: EventDetail }) {
  const name = <PlainText text={type} chars={200} />;
  if (event_type_id === null) return name;
  return (
    <Anchor component={Link} to={`/event-types/${encodeURIComponent(source)}/${encodeURIComponent(type)}`} inherit>
      {name}
    </Anchor>
  );
}

function columnsOf(event: EventDetail): readonly (readonly [string, ReactNode])[] {
  const line = (text: string | null) => (text === null || text === '' ? null : <PlainText text={text} chars={2_000} />);
  return [
    ['id', event.id],
    ['occurred_at', <ExactTime key="at" at={event.occurred_at} />],
    ['claimed_at', event.claimed_at === null ? null : <ExactTime key="at" at={event.claimed_at} />],
    ['source_id', linked('/event-sources', event.source_id)],
    ['category', event.category],
    ['priority', event.priority],
    ['external_id', line(event.external_id)],
    ['type', <TypeLink key="type" event={event} />],
    ['repository', line(event.repository_full_name)],
    ['repository_id', linked('/repositories', event.repository_id)],
    ['project_id', linked('/projects', event.project_id)],
    ['task_id', linked('/tasks', event.task_id)],
    ['branch', line(event.branch)],
    ['commit', line(event.commit_sha)],
    ['pull_request', event.pull_request_number],
    ['actor', line(event.actor)],
    ['user_id', event.user_id],
    ['url', event.url ? <ExternalLink href={event.url}>{plainText(event.url, 2_000)}</ExternalLink> : null],
    ['payload', `${event.payload_bytes.toLocaleString('en')} bytes`],
  ];
}

/** A typed column as text, whatever its type: nothing in it becomes a link. */
function typed([name, value]: [string, unknown]): readonly [string, ReactNode] {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return [name, text === '' ? null : <PlainText key={name} text={text} chars={2_000} />];
}
