import { Alert, Anchor, Box, Group, List, Stack, Text } from '@mantine/core';
import { Link, useParams } from 'react-router';
import { useCan, useRead } from '../../api/hooks.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { ExternalLink } from '../../parts/external-link.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime } from '../../parts/time.tsx';
import { ProjectActions } from './project-actions.tsx';
import { ProjectRepositories } from './project-repositories.tsx';
import { type Project, useMayChange } from './types.ts';
import { usePeople } from './use-people.ts';

export function ProjectPage() {
  const { id = '' } = useParams();
  const { data: project, error, refetch } = useRead<Project>(`/v1/projects/${encodeURIComponent(id)}`);
  if (project) return <Found project={project} />;
  return <DetailState name="Project" listPath="/projects" error={error} onRetry={() => void refetch()} />;
}

function Found({ project }: { project: Project }) {
  const { name, slug, status } = project;
  const mayChange = useMayChange('projects:write', project.owner_id);
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(name, 200)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={status} />
            <span>{slug}</span>
          </Group>
        }
        actions={mayChange ? <ProjectActions project={project} /> : null}
      />
      {status === 'deleted' ? (
        <Alert color="red" title="This project is deleted">
          <Text size="sm" c="var(--mantine-color-text)">
            It can be restored until 30 days after it was deleted.
          </Text>
        </Alert>
      ) : null}
      <Facts project={project} />
      {project.description === '' ? null : (
        <Section title="Description">
          <Lines text={project.description} />
        </Section>
      )}
      {project.goals.length === 0 ? null : (
        <Section title="Goals">
          <Box className="surface" p="md">
            <List size="sm">
              {project.goals.map((goal) => {
                const text = typeof goal === 'string' ? goal : JSON.stringify(goal);
                return (
                  <List.Item key={text}>
                    <PlainText text={text} chars={1_000} />
                  </List.Item>
                );
              })}
            </List>
          </Box>
        </Section>
      )}
      {useCan('repositories:read') ? <ProjectRepositories project={project} mayChange={mayChange} /> : null}
    </Stack>
  );
}

function Facts({ project }: { project: Project }) {
  const { nameOf } = usePeople();
  const owner = nameOf(project.owner_id);
  const exact = (at: string | null) => (at === null ? null : <ExactTime at={at} />);
  const mayReadTasks = useCan('tasks:read');
  return (
    <DefinitionList
      label="About this project"
      entries={[
        ['Id', project.id],
        ['Owner', owner === null ? null : <PlainText text={owner} />],
        ['Priority', project.priority],
        ['Starts on', project.starts_on],
        ['Due on', project.due_on],
        [
          'Git URL',
          project.git_repo_url ? (
            <ExternalLink href={project.git_repo_url}>{plainText(project.git_repo_url, 2_000)}</ExternalLink>
          ) : null,
        ],
        ['Created', exact(project.created_at)],
        ['Changed', exact(project.updated_at)],
        ['Archived', exact(project.archived_at)],
        ['Deleted', exact(project.deleted_at)],
        [
          'Tasks',
          mayReadTasks ? (
            <Anchor component={Link} to={`/tasks?project=${project.id}`} size="sm" underline="always">
              Show its tasks
            </Anchor>
          ) : null,
        ],
      ]}
    />
  );
}

/** Text of several lines, each inert and in a direction of its own. */
function Lines({ text }: { text: string }) {
  const lines = text.split(/\r?\n/).map((line, index) => ({ key: `line-${index}`, line }));
  return (
    <Box className="surface" p="md">
      {lines.map(({ key, line }) => (
        <Text key={key} size="sm" mih="1em" style={{ overflowWrap: 'anywhere' }}>
          <PlainText text={line} chars={10_000} />
        </Text>
      ))}
    </Box>
  );
}
