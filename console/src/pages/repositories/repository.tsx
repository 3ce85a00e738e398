import { Anchor, Button, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { useCan, useChange, useRead } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { ExternalLink } from '../../parts/external-link.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { ExactTime } from '../../parts/time.tsx';
import { RepositoryRuns } from '../analysis/repository-runs.tsx';
import { useMayChange } from '../projects/types.ts';
import { StartAnalysis } from './start-analysis.tsx';
import { type Repository, touchedByRepositories } from './types.ts';

export function RepositoryPage() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useRead<Repository>(`/v1/repositories/${encodeURIComponent(id)}`);
  if (data) return <Found repository={data} />;
  return <DetailState name="Repository" listPath="/repositories" error={error} onRetry={() => void refetch()} />;
}

function Found({ repository }: { repository: Repository }) {
  const { full_name, provider } = repository;
  const mayReadRuns = useCan('analysis:read');
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(full_name, 200)}
        description={`A repository at ${provider}`}
        actions={<Actions repository={repository} />}
      />
      <DefinitionList label="About this repository" entries={entriesOf(repository)} />
      {mayReadRuns ? <RepositoryRuns repositoryId={repository.id} /> : null}
    </Stack>
  );
}

function entriesOf(repository: Repository) {
  const exact = (at: string | null) => (at === null ? null : <ExactTime at={at} />);
  return [
    ['Id', repository.id],
    [
      'URL',
      repository.url ? <ExternalLink href={repository.url}>{plainText(repository.url, 2_000)}</ExternalLink> : null,
    ],
    ['Default branch', <PlainText key="branch" text={repository.default_branch} />],
    [
      'Languages',
      repository.languages.length > 0 ? <PlainText key="languages" text={repository.languages.join(', ')} /> : null,
    ],
    ['Added', exact(repository.created_at)],
    ['Last analysed', exact(repository.last_analyzed_at)],
    [
      'Issues',
      <Anchor
        key="issues"
        component={Link}
        to={`/issues?repository=${repository.id}&status=open`}
        size="sm"
        underline="always"
      >
        Show its issues
      </Anchor>,
    ],
  ] as const;
}

function Actions({ repository }: { repository: Repository }) {
  const { id, full_name, created_by } = repository;
  const navigate = useNavigate();
  const mayChange = useMayChange('repositories:write', created_by);
  const mayStart = useCan('tasks:write');
  const [dialog, setDialog] = useState<'start' | 'remove'>();
  const remove = useChange(() => api.delete(`/v1/repositories/${id}`), { touches: touchedByRepositories });
  return (
    <>
      {mayStart ? <Button onClick={() => setDialog('start')}>Start an analysis</Button> : null}
      {mayChange ? (
        <>
          <Button variant="default" component={Link} to={`/repositories/${id}/edit`}>
            Edit
          </Button>
          <Button variant="default" onClick={() => setDialog('remove')}>
            Remove …
          </Button>
        </>
      ) : null}
      {dialog === 'start' ? <StartAnalysis repository={repository} onClose={() => setDialog(undefined)} /> : null}
      {dialog === 'remove' ? (
        <Confirm
          title="Remove this repository?"
          action="Remove the repository"
          typed={full_name}
          onClose={() => setDialog(undefined)}
          onConfirm={async () => {
            await remove.mutateAsync(undefined);
            notifications.show({ message: 'The repository was removed.' });
            void navigate('/repositories');
          }}
        >
          Its analysis runs, issues and links to projects go with it, for good. Nothing happens at its provider.
        </Confirm>
      ) : null}
    </>
  );
}
