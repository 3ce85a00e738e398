import { Box } from '@mantine/core';
import { useNavigate } from 'react-router';
import { useRows } from '../../api/hooks.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { runColumns } from './run-columns.tsx';
import { Trend } from './trend.tsx';
import type { Run } from './types.ts';

const refresh_ms = 10_000;

/** The runs of one repository: their scores over time, and each of them. */
export function RepositoryRuns({ repositoryId }: { repositoryId: string }) {
  const navigate = useNavigate();
  const source = useRows<Run>('/v1/analysis-runs', { repository_id: repositoryId }, { refetchEveryMs: refresh_ms });
  return (
    <Section title="Analysis runs">
      {source.rows.length > 0 ? (
        <Box className="surface" p="md" mb="sm">
          <Trend runs={source.rows} />
        </Box>
      ) : null}
      <DataTable
        label="Analysis runs"
        columns={runColumns}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/analysis/${id}`)}
        height="24rem"
        empty={
          <EmptyState title="Never analysed">
            A run comes from a push that a subscription wants, or from here.
          </EmptyState>
        }
      />
    </Section>
  );
}
