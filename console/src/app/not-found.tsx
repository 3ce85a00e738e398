import { Anchor } from '@mantine/core';
import { Link, useLocation } from 'react-router';
import { PageHeader } from '../parts/page-header.tsx';
import { EmptyState } from '../parts/states.tsx';

export function NotFound() {
  const { pathname } = useLocation();
  return (
    <>
      <PageHeader title="There is no such page" />
      <EmptyState title={pathname}>
        The link may be old, or cut off.{' '}
        <Anchor component={Link} to="/" underline="always">
          Go to the overview
        </Anchor>
      </EmptyState>
    </>
  );
}
