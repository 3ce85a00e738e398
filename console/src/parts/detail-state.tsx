import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { asProblem } from '../api/problem.ts';
import { PageHeader } from './page-header.tsx';
import { EmptyState, ErrorState, LoadingState } from './states.tsx';

interface DetailStateProps {
  /** What the page would show: "Task". */
  readonly name: string;
  readonly listPath: string;
  readonly error: unknown;
  readonly onRetry: () => void;
}

/** A detail page that has nothing to show yet, or never will: an address with a broken id is none of ours either. */
export function DetailState({ name, listPath, error, onRetry }: DetailStateProps) {
  const isGone = error !== null && [400, 404].includes(asProblem(error).status);
  return (
    <>
      <PageHeader title={name} />
      {isGone ? (
        <EmptyState
          title={`There is no such ${name.toLowerCase()}`}
          action={
            <Button variant="default" component={Link} to={listPath}>
              Show all
            </Button>
          }
        >
          The link may be cut off or old, or lead to another organization.
        </EmptyState>
      ) : error ? (
        <ErrorState error={error} onRetry={onRetry} />
      ) : (
        <LoadingState />
      )}
    </>
  );
}
