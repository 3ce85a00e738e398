import { Anchor, Badge, Code, Loader, Stack, Table, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Problem } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { type OtherForm, type RuleText, ruleOf } from './rule.tsx';

interface Reason {
  readonly path: string;
  readonly condition: string;
  readonly is: 'true' | 'false' | 'unknown';
  readonly value: string | null;
}

interface TriedEvent {
  readonly id: string;
  readonly occurred_at: string;
  readonly source: string;
  readonly type: string;
  readonly category: string;
  readonly title: string | null;
  readonly matches: boolean;
  readonly fails: 'sources' | 'categories' | 'names' | 'filter' | null;
  readonly reasons: readonly Reason[];
}

interface Tried {
  readonly filter: unknown;
  readonly filter_text: string | null;
  readonly tested: number;
  readonly matched: number;
  readonly data: readonly TriedEvent[];
}

const typing_ms = 400;

export interface Trial {
  readonly tried: Tried | undefined;
  readonly error: Problem | null;
  readonly isAsking: boolean;
  /** What is wrong with the filter, and where. */
  readonly wrong: string | undefined;
  readonly other: OtherForm | undefined;
  ask(): void;
}

/** Tries a rule on the newest events, when the typing rests. */
export function useTrial(text: RuleText): Trial {
  const [asked] = useDebouncedValue(text, typing_ms);
  const read = ruleOf(asked);
  const rule = 'rule' in read ? read.rule : undefined;
  const { data, error, isFetching, isPlaceholderData, refetch } = useQuery<Tried, Problem>({
    queryKey: ['/v1/event-subscriptions/test', rule],
    queryFn: () => api.post<Tried>('/v1/event-subscriptions/test', rule),
    enabled: rule !== undefined,
    placeholderData: keepPreviousData,
  });
  const isWrong = error !== null && filterWrong(error) !== undefined;
  return {
    tried: isWrong ? undefined : data,
    error,
    isAsking: isFetching,
    wrong: 'wrong' in read ? read.wrong : error ? filterWrong(error) : undefined,
    other: error ? undefined : otherForm(text.filter, data, asked === text && !isPlaceholderData),
    ask: () => void refetch(),
  };
}

/** What the server says of a filter, each with its place in the tree. */
export function filterWrong(problem: Problem): string | undefined {
  if (problem.code === 'filter_too_large') return problem.detail ?? problem.title;
  if (problem.code !== 'filter_invalid') return undefined;
  return problem.errors.map(({ path, message }) => `${path} ${message}`.trim()).join('; ') || problem.detail;
}

function otherForm(typed: string, tried: Tried | undefined, isOfTyped: boolean): OtherForm | undefined {
  if (!tried?.filter || tried.filter_text === null) return undefined;
  const [label, filter] = typed.trim().startsWith('{')
    ? ['Write it as text', tried.filter_text]
    : ['Write it as a tree', JSON.stringify(tried.filter, undefined, 2)];
  return { label, filter: isOfTyped ? filter : undefined };
}

const parts = {
  sources: 'its source is none of these',
  categories: 'its category is none of these',
  names: 'its name fits none of these',
  filter: 'the filter is not true',
} as const;

/** Which of the newest events match, and why the others do not. */
export function TrialResults({ trial: { tried, error, isAsking, wrong, ask } }: { trial: Trial }) {
  if (wrong !== undefined) {
    return (
      <Text size="sm" c="dimmed">
        Once the filter can be read it is tried on the newest events.
      </Text>
    );
  }
  if (!tried) return error ? <ErrorState error={error} onRetry={ask} /> : <LoadingState lines={3} />;
  if (tried.tested === 0) {
    return (
      <EmptyState title="There are no events to try it on">
        The newest hundred are tried, once there are some.
      </EmptyState>
    );
  }
  return (
    <Stack gap="xs">
      <Text size="sm" role="status">
        <b>{tried.matched.toLocaleString('en')}</b> of the newest {tried.tested.toLocaleString('en')}{' '}
        {tried.tested === 1 ? 'event' : 'events'} {tried.matched === 1 ? 'matches' : 'match'}.{' '}
        {isAsking ? <Loader size="xs" aria-label="Trying" role="status" /> : null}
      </Text>
      <Table.ScrollContainer
        minWidth={560}
        mah="32rem"
        className="surface"
        type="native"
        tabIndex={0}
        aria-label="Newest events"
        role="region"
      >
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Event</Table.Th>
              <Table.Th>Matches</Table.Th>
              <Table.Th>Why not</Table.Th>
              <Table.Th>Occurred</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tried.data.map((event) => (
              <Row key={event.id} event={event} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

function Row({ event: { id, type, source, title, matches, fails, reasons, occurred_at } }: { event: TriedEvent }) {
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        <Anchor component={Link} to={`/events/${id}`} size="sm">
          <PlainText text={type} chars={200} />
        </Anchor>{' '}
        <Text size="xs" c="dimmed" component="span">
          {source.replaceAll('_', ' ')} {title ? <PlainText text={title} chars={100} /> : null}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge color={matches ? 'green' : 'gray'}>{matches ? 'yes' : 'no'}</Badge>
      </Table.Td>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        {fails === null ? null : reasons.length === 0 ? (
          <Text size="sm">{parts[fails]}</Text>
        ) : (
          reasons.map((reason) => <Why key={reason.path} reason={reason} />)
        )}
      </Table.Td>
      <Table.Td>
        <Time at={occurred_at} />
      </Table.Td>
    </Table.Tr>
  );
}

function Why({ reason: { condition, is, value } }: { reason: Reason }) {
  return (
    <Text size="sm">
      <Code>
        <PlainText text={condition} chars={300} />
      </Code>{' '}
      is {is}:{' '}
      {value === null ? (
        'there is nothing there'
      ) : (
        <>
          it is <PlainText text={value} chars={250} />
        </>
      )}
    </Text>
  );
}
