import { Table } from '@mantine/core';
import { useRead } from '../../api/hooks.ts';
import { durationText } from '../../parts/duration.ts';
import { Section } from '../../parts/section.tsx';

interface AttemptUsage {
  readonly attempt: number;
  readonly measured_at: string;
  readonly duration_ms: number;
  readonly cpu_ms: number | null;
  readonly memory_usage_mb: number | null;
  readonly disk_usage_mb: number | null;
  readonly exit_code: number | null;
}

const megabytes = (value: number | null) =>
  value === null ? '–' : `${value.toLocaleString('en', { maximumFractionDigits: 1 })} MB`;

/** What the attempts of a task took of the machine; nothing where nothing was measured, as of most. */
export function Usage({ id }: { id: string }) {
  const { data } = useRead<{ data: readonly AttemptUsage[] }>(`/v1/tasks/${id}/resource-usage`);
  if (!data || data.data.length === 0) return null;
  return (
    <Section title="What it took">
      <Table.ScrollContainer
        minWidth={480}
        className="surface"
        type="native"
        tabIndex={0}
        role="region"
        aria-label="What its attempts took of the machine"
      >
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Attempt</Table.Th>
              <Table.Th>Time</Table.Th>
              <Table.Th>Processor</Table.Th>
              <Table.Th>Memory at most</Table.Th>
              <Table.Th>Disk</Table.Th>
              <Table.Th>Exit code</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.data.map(({ attempt, measured_at, duration_ms, cpu_ms, exit_code, ...used }) => (
              <Table.Tr key={measured_at}>
                <Table.Td>{attempt}</Table.Td>
                <Table.Td>{durationText(duration_ms)}</Table.Td>
                <Table.Td>{cpu_ms === null ? '–' : durationText(cpu_ms)}</Table.Td>
                <Table.Td>{megabytes(used.memory_usage_mb)}</Table.Td>
                <Table.Td>{megabytes(used.disk_usage_mb)}</Table.Td>
                <Table.Td>{exit_code ?? '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}
