import { Anchor, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { Link } from 'react-router';
import { useChange, useRows } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { containing, useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState, ErrorState, LoadingState, ProblemAlert } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import type { Repository } from '../repositories/types.ts';
import type { Project } from './types.ts';

const typing_ms = 250;
const found_rows = 20;

/** The repositories a project is about; who may change it links others and takes links away. */
export function ProjectRepositories({ project, mayChange }: { project: Project; mayChange: boolean }) {
  const path = `/v1/projects/${project.id}/repositories`;
  const source = useRows<Repository>(path);
  const [isLinking, setLinking] = useState(false);
  const canLink = mayChange && project.status !== 'deleted';
  const unlink = useChange((id: string) => api.delete(`${path}/${id}`), {
    touches: [path],
    tells: 'The repository is unlinked',
  });
  const columns: Column<Repository>[] = [
    {
      id: 'name',
      title: 'Repository',
      width: 'minmax(14rem, 3fr)',
      render: ({ id, full_name }) => (
        <Anchor component={Link} to={`/repositories/${id}`} size="sm">
          <PlainText text={full_name} chars={200} />
        </Anchor>
      ),
    },
    { id: 'provider', title: 'Provider', width: '7rem', render: ({ provider }) => provider },
    {
      id: 'analyzed',
      title: 'Last analysed',
      width: '9rem',
      render: ({ last_analyzed_at }) => <Time at={last_analyzed_at} />,
    },
  ];
  if (canLink) {
    columns.push({
      id: 'actions',
      title: 'Actions',
      width: '7rem',
      align: 'end',
      render: ({ id, full_name }) => (
        <Button
          variant="subtle"
          size="compact-xs"
          aria-label={`Unlink ${plainText(full_name, 200)}`}
          onClick={() => unlink.mutate(id)}
        >
          Unlink
        </Button>
      ),
    });
  }
  return (
    <Section
      title="Repositories"
      actions={
        canLink ? (
          <Button variant="default" onClick={() => setLinking(true)}>
            Link a repository
          </Button>
        ) : null
      }
    >
      <DataTable
        label="Repositories of the project"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        height="22rem"
        empty={<EmptyState title="No repository is linked" />}
      />
      {isLinking ? (
        <LinkRepository path={path} linked={source.rows.map(({ id }) => id)} onClose={() => setLinking(false)} />
      ) : null}
    </Section>
  );
}

interface LinkProps {
  readonly path: string;
  readonly linked: readonly string[];
  readonly onClose: () => void;
}

/** Finds repositories by words of their name; each is a button that links it. */
function LinkRepository({ path, linked, onClose }: LinkProps) {
  const [text, setText] = useState('');
  const [wanted] = useDebouncedValue(text.trim(), typing_ms);
  const found = useTableRows<{ id: string; full_name: string }>('repositories', 'id,full_name', {
    full_name: wanted === '' ? null : `ilike.${containing(wanted)}`,
  });
  const link = useChange((id: string) => api.put(`${path}/${id}`), { touches: [path] });
  const choices = found.rows.filter(({ id }) => !linked.includes(id));
  return (
    <Dialog onClose={onClose} title="Link a repository">
      <Stack>
        <TextInput
          label="Search"
          type="search"
          placeholder="Words of its name"
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {link.error ? <ProblemAlert problem={link.error} /> : null}
        {found.error ? <ErrorState error={found.error} onRetry={found.reload} /> : null}
        {found.isLoading ? <LoadingState lines={3} /> : null}
        <Stack gap={4} role="group" aria-label="Repositories found">
          {choices.slice(0, found_rows).map(({ id, full_name }) => (
            <Button
              key={id}
              variant="default"
              justify="flex-start"
              disabled={link.isPending}
              onClick={() => link.mutate(id, { onSuccess: onClose })}
            >
              <PlainText text={full_name} chars={200} />
            </Button>
          ))}
        </Stack>
        {!found.isLoading && choices.length === 0 ? <Text size="sm">No other repository is called so.</Text> : null}
        {choices.length > found_rows ? (
          <Text size="sm" c="dimmed">
            There are more: type more of the name.
          </Text>
        ) : null}
        <Group justify="space-between">
          <Anchor component={Link} to="/repositories/new" size="sm">
            Add a new repository
          </Anchor>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
