import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import type { Column } from '../../parts/data-table.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { Score } from './score.tsx';
import { effort, type Run, runName } from './types.ts';

export type ListedRun = Pick<
  Run,
  | 'id'
  | 'branch'
  | 'commit_sha'
  | 'status'
  | 'quality_score'
  | 'rating'
  | 'issues_total'
  | 'debt_minutes'
  | 'files_total'
  | 'created_at'
>;

/** What every list of runs shows. */
export const runColumns: readonly Column<ListedRun>[] = [
  {
    id: 'run',
    title: 'Run',
    width: 'minmax(13rem, 2fr)',
    render: (run) => (
      <Anchor component={Link} to={`/analysis/${run.id}`} size="sm">
        <PlainText text={runName(run)} chars={100} />
      </Anchor>
    ),
  },
  { id: 'status', title: 'Status', width: '8rem', render: ({ status }) => <StatusBadge status={status} /> },
  {
    id: 'score',
    title: 'Score',
    width: '7rem',
    render: ({ quality_score, rating }) => <Score score={quality_score} rating={rating} />,
  },
  {
    id: 'issues',
    title: 'Issues',
    width: '6rem',
    align: 'end',
    render: ({ issues_total }) => issues_total.toLocaleString('en'),
  },
  { id: 'debt', title: 'Debt', width: '7rem', align: 'end', render: ({ debt_minutes }) => effort(debt_minutes) },
  {
    id: 'files',
    title: 'Files',
    width: '6rem',
    align: 'end',
    render: ({ files_total }) => files_total.toLocaleString('en'),
  },
  { id: 'created', title: 'Started', width: '8.5rem', render: ({ created_at }) => <Time at={created_at} /> },
];
