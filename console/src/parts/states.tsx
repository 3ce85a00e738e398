import { Alert, Button, Code, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconInbox } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { asProblem, type Problem } from '../api/problem.ts';

/** What the server refused and why, with its hint and the id its log knows the request by. */
export function ProblemAlert({ problem }: { problem: Problem }) {
  const wait = problem.retryAfterSeconds;
  return (
    <Alert color="red" role="alert" title={problem.title} icon={<IconAlertTriangle aria-hidden />}>
      <Stack gap={4} c="var(--mantine-color-text)">
        {problem.detail ? <Text size="sm">{problem.detail}</Text> : null}
        {problem.errors.length > 1 ? (
          <ul>
            {problem.errors.map(({ path, message }) => (
              <li key={path + message}>
                {path} {message}
              </li>
            ))}
          </ul>
        ) : null}
        {problem.hint ? <Text size="sm">{problem.hint}</Text> : null}
        {wait ? <Text size="sm">Wait {wait} seconds and try again.</Text> : null}
        {problem.requestId ? (
          <Text size="xs">
            Request <Code>{problem.requestId}</Code>
          </Text>
        ) : null}
      </Stack>
    </Alert>
  );
}

interface ErrorStateProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
  readonly retryLabel?: string;
}

/** In place of what could not be read. */
export function ErrorState({ error, onRetry, retryLabel = 'Try again' }: ErrorStateProps) {
  return (
    <Stack gap="sm" align="flex-start">
      <ProblemAlert problem={asProblem(error)} />
      {onRetry ? (
        <Button variant="default" onClick={onRetry}>
          {retryLabel}
        </Button>
      ) : null}
    </Stack>
  );
}

/** In place of a list without rows: what would be here, and how it comes. */
export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py={56} px="md" className="surface">
      <IconInbox size={32} stroke={1.3} aria-hidden />
      <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
        {title}
      </Text>
      {children === undefined ? null : (
        <Text c="dimmed" size="sm" ta="center" maw="36rem" component="div">
          {children}
        </Text>
      )}
      {action === undefined ? null : <Group mt="xs">{action}</Group>}
    </Stack>
  );
}

/** While a page is read for the first time. */
export function LoadingState({ lines = 6 }: { lines?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => `line-${index}`).map((key) => (
        <Skeleton key={key} height={28} />
      ))}
    </Stack>
  );
}
