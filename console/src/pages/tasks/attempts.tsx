import { Table, Title } from '@mantine/core';
import { PlainText } from '../../parts/plain-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { FailedAttempt } from './types.ts';

/** What came of the attempts of a task that did not succeed. */
export function Attempts({ attempts }: { attempts: readonly FailedAttempt[] }) {
  if (attempts.length === 0) return null;
  return (
    <section aria-labelledby="attempts">
      <Title order={2} fz="h4" mb="xs" id="attempts">
        Attempts that did not succeed
      </Title>
      <Table.ScrollContainer
        minWidth={560}
        className="surface"
        type="native"
        tabIndex={0}
        aria-label="Attempts"
        role="region"
      >
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Attempt</Table.Th>
              <Table.Th>Outcome</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th>Took</Table.Th>
              <Table.Th>Error</Table.Th>
              <Table.Th>Next attempt</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {attempts.map(({ attempt, outcome, occurred_at, duration_ms, error, retry_at }) => (
              <Table.Tr key={occurred_at + attempt}>
                <Table.Td>{attempt}</Table.Td>
                <Table.Td>
                  <StatusBadge status={outcome} tone={outcome === 'cancelled' ? 'off' : 'bad'} />
                </Table.Td>
                <Table.Td>
                  <Time at={occurred_at} />
                </Table.Td>
                <Table.Td>{duration_ms === null ? '–' : `${duration_ms.toLocaleString('en')} ms`}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  {error ? <PlainText text={`${error.code ?? ''}: ${error.message ?? ''}`} chars={1_000} /> : '–'}
                </Table.Td>
                <Table.Td>
                  <Time at={retry_at} none="none" />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}
