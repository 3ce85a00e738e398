import { Code, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { useCan, useChange } from '../../api/hooks.ts';
import type { Problem } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { ProblemAlert } from '../../parts/states.tsx';
import { touchedByTasks } from '../tasks/types.ts';
import type { Repository } from './types.ts';

interface Pushed {
  readonly commit_sha: string;
  readonly branch: string | null;
}

/** Asks which commit, and enqueues the analysis; the task's page then tells how it goes. */
export function StartAnalysis({ repository, onClose }: { repository: Repository; onClose: () => void }) {
  const navigate = useNavigate();
  const last = useLastCommit(repository.id);
  const [typed, setTyped] = useState<{ commit?: string; branch?: string }>({});
  const commit = typed.commit ?? last?.commit_sha ?? '';
  const branch = typed.branch ?? last?.branch ?? repository.default_branch;
  const isCommit = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/i.test(commit.trim());
  const [isTried, setTried] = useState(false);
  const start = useChange(
    () =>
      api.post<{ id: string }>('/v1/tasks', {
        task_type: 'analysis.run',
        title: `Analyse ${repository.full_name}`.slice(0, 500),
        repository_id: repository.id,
        payload: {
          repository_id: repository.id,
          commit_sha: commit.trim().toLowerCase(),
          branch: branch.trim() === '' ? null : branch.trim(),
        },
      }),
    { touches: touchedByTasks },
  );
  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (isCommit) start.mutate(undefined, { onSuccess: ({ id }) => void navigate(`/tasks/${id}`) });
  }
  return (
    <Dialog onClose={onClose} title="Start an analysis">
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">
            The server reads its own clone of the repository; the operator makes one with{' '}
            <Code>plinth repositories register</Code>.
          </Text>
          <TextInput
            label="Commit"
            description="Its whole hash, as git rev-parse HEAD prints it"
            required
            data-autofocus
            maxLength={64}
            spellCheck={false}
            error={isTried && !isCommit ? 'A commit has 40 hexadecimal digits.' : undefined}
            value={commit}
            onChange={({ currentTarget: { value } }) => setTyped((old) => ({ ...old, commit: value }))}
          />
          <TextInput
            label="Branch"
            maxLength={255}
            value={branch}
            onChange={({ currentTarget: { value } }) => setTyped((old) => ({ ...old, branch: value }))}
          />
          {start.error ? <ProblemAlert problem={start.error} /> : null}
          <FormButtons action="Start" isPending={start.isPending} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}

/** The commit that an event of the repository told of last. */
function useLastCommit(repositoryId: string): Pushed | undefined {
  const may = useCan('events:read');
  const { data } = useQuery<readonly Pushed[], Problem>({
    queryKey: ['/rest/v1/events', 'last commit', repositoryId],
    queryFn: ({ signal }) =>
      api.get<readonly Pushed[]>(
        '/rest/v1/events',
        {
          select: 'commit_sha,branch',
          repository_id: `eq.${repositoryId}`,
          commit_sha: 'not.is.null',
          order: 'id.desc',
          limit: 1,
        },
        signal,
      ),
    enabled: may,
  });
  return data?.[0];
}
