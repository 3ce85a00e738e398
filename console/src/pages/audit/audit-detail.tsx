import { Code, Stack, Table, Text } from '@mantine/core';
import type { AuditEntry } from '../../api/types.ts';
import { SideDialog } from '../../parts/dialog.tsx';
import { JsonView, visible } from '../../parts/json-view.tsx';
import { ExactTime } from '../../parts/time.tsx';

/** One change: who, from where, and each value before and after. */
export function AuditDetail({ entry, who, onClose }: { entry: AuditEntry; who: string; onClose: () => void }) {
  const facts: [string, React.ReactNode][] = [
    ['When', <ExactTime key="at" at={entry.occurred_at} />],
    ['Who', who],
    ['From', entry.ip_address ?? '–'],
    ['Resource', entry.resource_id ?? '–'],
    ['API key', entry.api_key_id ?? '–'],
    ['Request', entry.request_id ?? '–'],
  ];
  const changes = changesOf(entry);
  return (
    <SideDialog onClose={onClose} size="lg" title={`${entry.action} ${entry.resource_type}`}>
      <Stack>
        <Table withRowBorders={false} verticalSpacing={4}>
          <Table.Tbody>
            {facts.map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th w="7rem" fw={600}>
                  {name}
                </Table.Th>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {changes.length > 0 ? (
          <Table withTableBorder layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Column</Table.Th>
                <Table.Th>Before</Table.Th>
                <Table.Th>After</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {changes.map(({ column, before, after }) => (
                <Table.Tr key={column}>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{column}</Table.Td>
                  <Table.Td>
                    <Value value={before} />
                  </Table.Td>
                  <Table.Td>
                    <Value value={after} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        ) : (
          <Text size="sm" c="dimmed">
            No values were recorded.
          </Text>
        )}
        {entry.details === null ? null : <JsonView label="Details" value={entry.details} />}
      </Stack>
    </SideDialog>
  );
}

interface Change {
  readonly column: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The columns whose value differs; for an insert or delete all of them. */
function changesOf({ old_values, new_values }: AuditEntry): Change[] {
  const names = new Set([...Object.keys(old_values ?? {}), ...Object.keys(new_values ?? {})]);
  return [...names]
    .sort()
    .map((column) => ({ column, before: old_values?.[column], after: new_values?.[column] }))
    .filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
}

function Value({ value }: { value: unknown }) {
  if (value === undefined) return null;
  return <Code style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>{visible(JSON.stringify(value))}</Code>;
}
