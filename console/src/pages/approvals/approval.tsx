import { Anchor, Button, Group, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { useMe, useRead } from '../../api/hooks.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { usePeople } from '../projects/use-people.ts';
import { CastVote } from './cast-vote.tsx';
import { type Approval, useMayVote } from './types.ts';

const refresh_ms = 5_000;

export function ApprovalPage() {
  const { id = '' } = useParams();
  const path = `/v1/approvals/${encodeURIComponent(id)}`;
  const { data: approval, error, refetch } = useRead<Approval>(path);
  useRead<Approval>(path, {}, { enabled: approval?.status === 'pending', refetchEveryMs: refresh_ms });
  if (approval) return <Found approval={approval} />;
  return <DetailState name="Approval" listPath="/approvals" error={error} onRetry={() => void refetch()} />;
}

function Found({ approval }: { approval: Approval }) {
  const { title, status, description } = approval;
  const mayVote = useMayVote(approval);
  const [vote, setVote] = useState<'approve' | 'reject'>();
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(title, 300)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={status} />
            <Standing approval={approval} />
          </Group>
        }
        actions={
          mayVote ? (
            <>
              <Button variant="default" onClick={() => setVote('reject')}>
                Reject
              </Button>
              <Button onClick={() => setVote('approve')}>Approve</Button>
            </>
          ) : null
        }
      />
      {vote ? <CastVote approval={approval} vote={vote} onClose={() => setVote(undefined)} /> : null}
      {description === '' ? null : (
        <Text className="surface" p="md" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          <bdi>
            {description
              .split('\n')
              .map((line) => plainText(line, 2_000))
              .join('\n')}
          </bdi>
        </Text>
      )}
      <Facts approval={approval} />
      <Votes approval={approval} />
    </Stack>
  );
}

/** How far it is, and what is asked of the reader. */
function Standing({ approval: { status, votes, quorum, assignees } }: { approval: Approval }) {
  const me = useMe().user?.id;
  const agreed = votes.filter(({ vote }) => vote === 'approve').length;
  const own = votes.find(({ user_id }) => user_id === me);
  const yours = own
    ? `; you voted to ${own.vote}`
    : me !== undefined && assignees.includes(me)
      ? ''
      : '; you are not asked';
  return (
    <span>
      {agreed} of {quorum} agreed
      {status === 'pending' ? yours : ''}
    </span>
  );
}

function Facts({ approval }: { approval: Approval }) {
  const { run_id, step_key, workflow, quorum, assignees, due_at, decided_at, created_at } = approval;
  return (
    <DefinitionList
      label="About this approval"
      entries={[
        [
          'Asked by',
          <Anchor
            key="run"
            component={Link}
            to={`/workflow-runs/${run_id}?${new URLSearchParams({ step: step_key })}`}
            size="sm"
            underline="always"
          >
            a run of {workflow}
          </Anchor>,
        ],
        ['Asked', <ExactTime key="asked" at={created_at} />],
        ['Until', due_at === null ? 'no end' : <ExactTime at={due_at} />],
        ['Decided', decided_at === null ? null : <ExactTime at={decided_at} />],
        ['Needs', `${quorum} of ${assignees.length} to agree`],
      ]}
    />
  );
}

/** Everybody who is asked, with their answer. */
function Votes({ approval: { assignees, votes } }: { approval: Approval }) {
  const people = usePeople();
  return (
    <Section title="Votes">
      <Table.ScrollContainer
        minWidth={480}
        className="surface"
        type="native"
        tabIndex={0}
        role="region"
        aria-label="Who is asked, and how they voted"
      >
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Who</Table.Th>
              <Table.Th>Vote</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th>Comment</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {assignees.map((id) => {
              const given = votes.find(({ user_id }) => user_id === id);
              return (
                <Table.Tr key={id}>
                  <Table.Td>
                    <PlainText text={people.nameOf(id) ?? id} chars={200} />
                  </Table.Td>
                  <Table.Td>{given ? <StatusBadge status={given.vote} /> : 'none yet'}</Table.Td>
                  <Table.Td>{given ? <Time at={given.voted_at} /> : null}</Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>
                    {given ? <PlainText text={given.comment} chars={2_000} /> : null}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}
