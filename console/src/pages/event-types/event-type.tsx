import { Anchor, Box, Button, Group, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { forget, refresh, useCan, useRead, useRows } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import type { Page } from '../../api/types.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { eventColumns } from '../events/event-columns.tsx';
import type { EventDetail, EventRow } from '../events/types.ts';
import {
  type EventType,
  eventsOf,
  type KnownType,
  knownColumns,
  knownTypes,
  placeOf,
  touchedByTypes,
} from './types.ts';

/** Larger ones are read on their own page. */
const example_bytes_max = 200_000;

export function EventTypePage() {
  const { source = '', name = '' } = useParams();
  const path = `/v1${placeOf({ source, name })}`;
  const own = useRead<EventType>(path);
  const isMissing = own.error?.status === 404;
  const known = useRead<readonly KnownType[]>(
    knownTypes,
    { select: knownColumns, source: `eq.${source}`, name: `eq.${name}` },
    { enabled: isMissing },
  );
  if (own.data) return <Own type={own.data} path={path} />;
  const found = known.data?.[0];
  if (isMissing && found) return <Known type={found} />;
  const error = isMissing && known.isLoading ? null : (known.error ?? own.error);
  return <DetailState name="Event type" listPath="/event-types" error={error} onRetry={() => void own.refetch()} />;
}

function Own({ type, path }: { type: EventType; path: string }) {
  const { name, source, is_active, payload_schema, schema_version, retention_days, category, description } = type;
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(name, 200)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={is_active ? 'active' : 'off'} />
            <span>from {source.replaceAll('_', ' ')}</span>
            {is_active ? null : <span>Events of this type are stored and skipped.</span>}
          </Group>
        }
        actions={<Actions type={type} path={path} />}
      />
      <DefinitionList
        label="About this type"
        entries={[
          ['Category', category],
          ['Description', description === '' ? null : <PlainText text={description} chars={2_000} />],
          ['Events are kept', retention_days === null ? 'as long as all others' : `${retention_days} days`],
          ['Schema', payload_schema === null ? 'none: any payload' : `version ${schema_version}`],
        ]}
      />
      {payload_schema === null ? null : (
        <>
          <Box className="surface" p="md">
            <JsonView label="Schema of the payload" value={payload_schema} />
          </Box>
          <Violations type={type} />
        </>
      )}
      <Example type={type} />
    </Stack>
  );
}

function Actions({ type, path }: { type: EventType; path: string }) {
  const may = useCan('event_types:write');
  const navigate = useNavigate();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  async function remove() {
    await api.delete(path);
    forget(client, path);
    await navigate('/event-types', { replace: true });
    await refresh(client, touchedByTypes);
  }
  return (
    <>
      <Button variant="default" component={Link} to={eventsOf(type)}>
        Its events
      </Button>
      {may ? (
        <>
          <Button variant="default" component={Link} to={`${placeOf(type)}/edit`}>
            Edit
          </Button>
          <Button variant="default" onClick={() => setAsking(true)}>
            Delete
          </Button>
        </>
      ) : null}
      {isAsking ? (
        <Confirm title="Delete this event type?" action="Delete" onConfirm={remove} onClose={() => setAsking(false)}>
          Events named <PlainText text={type.name} chars={200} /> are no longer checked and are kept as long as all
          others. Those that are there stay.
        </Confirm>
      ) : null}
    </>
  );
}

/** A type of the program's catalogue, of which the organization has said nothing. */
function Known({ type }: { type: KnownType }) {
  const may = useCan('event_types:write');
  const { source, name } = type;
  const hasActions = source === 'github' || source === 'linear';
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(name, 200)}
        description={
          <Group gap="xs" mt={4}>
            <StatusBadge status="known" tone="off" />
            <span>from {source.replaceAll('_', ' ')}</span>
          </Group>
        }
        actions={
          <>
            <Button variant="default" component={Link} to={eventsOf({ source, name: hasActions ? `${name}*` : name })}>
              Its events
            </Button>
            {may ? (
              <Button component={Link} to={`/event-types/new?${new URLSearchParams({ source, name })}`}>
                Say what it holds
              </Button>
            ) : null}
          </>
        }
      />
      <DefinitionList
        label="About this type"
        entries={[
          ['Category', type.category],
          ['Description', type.description],
          ['Names', hasActions ? `The sender's action stands behind it, as in ${name}.created.` : null],
        ]}
      />
      {type.payload_schema === null ? null : (
        <Box className="surface" p="md">
          <JsonView label="What it at least says" value={type.payload_schema} />
        </Box>
      )}
    </Stack>
  );
}

const failedColumns = eventColumns
  .filter(({ id }) => ['title', 'error', 'occurred'].includes(id))
  .map((column) => (column.id === 'error' ? { ...column, width: 'minmax(14rem, 4fr)' } : column));

function Violations({ type }: { type: EventType }) {
  const { source, name } = type;
  const failed = useRows<EventRow>('/v1/events', { source, type: name, status: 'failed', limit: 20 });
  return (
    <Section
      title="Events that failed"
      actions={
        <Anchor component={Link} to={eventsOf(type, { status: 'failed' })} size="sm">
          Show all
        </Anchor>
      }
    >
      <DataTable
        label="Events that failed"
        columns={failedColumns}
        source={failed}
        rowKey={({ id }) => id}
        height="16rem"
        empty={
          <EmptyState title="No event of this type has failed">
            One whose payload breaks the schema is kept and listed here; it can be retried when the schema is mended.
          </EmptyState>
        }
      />
    </Section>
  );
}

/** The newest event of the type, with its payload: what a schema is written from. */
function Example({ type: { source, name } }: { type: EventType }) {
  const newest = useRead<Page<EventRow & { payload_bytes: number }>>('/v1/events', { source, type: name, limit: 1 });
  const found = newest.data?.data[0];
  const isShown = found !== undefined && found.payload_bytes <= example_bytes_max;
  const detail = useRead<EventDetail>(`/v1/events/${found?.id}`, {}, { enabled: isShown });
  if (!newest.data) return null;
  return (
    <Section title="Newest event">
      {found === undefined ? (
        <Text size="sm">None came yet.</Text>
      ) : (
        <Stack gap="xs" className="surface" p="md">
          <Anchor component={Link} to={`/events/${found.id}`} size="sm">
            <PlainText text={found.title || found.type} chars={200} />
          </Anchor>
          {detail.data ? <JsonView label="Payload" value={detail.data.payload} /> : null}
        </Stack>
      )}
    </Section>
  );
}
