import { useRouteError } from 'react-router';
import { PageHeader } from '../parts/page-header.tsx';
import { ErrorState } from '../parts/states.tsx';

/** Shown in place of a page that failed; the rest of the console goes on. */
export function PageError() {
  const error = useRouteError();
  return (
    <>
      <PageHeader title="This page failed" />
      <ErrorState error={error} onRetry={() => location.reload()} />
    </>
  );
}
