import { Anchor, Box, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { useRead } from '../api/hooks.ts';
import { PlainText } from '../parts/plain-text.tsx';
import { Time } from '../parts/time.tsx';

/** Whose portal this is, and until when. */
export interface Pass {
  readonly customer: string;
  readonly expires_at: string;
}

const places = [
  { to: '/endpoints', label: 'Endpoints' },
  { to: '/deliveries', label: 'Deliveries' },
] as const;

/** Around every page of the portal; narrow enough to stand in somebody else's page. */
export function Frame() {
  const { pathname } = useLocation();
  const { data } = useRead<Pass>('/v1/event-portal');
  return (
    <Outside
      header={
        <Group justify="space-between" px="md" py="xs" gap="xs">
          <Group gap="md" component="nav" aria-label="Pages">
            {places.map(({ to, label }) => {
              const isHere = pathname.startsWith(to);
              return (
                <Anchor
                  key={to}
                  component={Link}
                  to={to}
                  fw={isHere ? 650 : 400}
                  underline={isHere ? 'always' : 'hover'}
                  {...(isHere ? { 'aria-current': 'page' as const } : {})}
                >
                  {label}
                </Anchor>
              );
            })}
          </Group>
          {data ? (
            <Text size="xs" c="dimmed" component="span">
              <PlainText text={data.customer} chars={100} />, ends <Time at={data.expires_at} />
            </Text>
          ) : null}
        </Group>
      }
    >
      <Outlet />
    </Outside>
  );
}

export function Outside({ header, children }: { header?: ReactNode; children: ReactNode }) {
  return (
    <>
      <a className="skip-link" href="#main">
        To the content
      </a>
      {header ? (
        <Box
          component="header"
          style={{ borderBottom: '1px solid var(--plinth-line)', background: 'var(--plinth-surface)' }}
        >
          {header}
        </Box>
      ) : null}
      <Box component="main" id="main" tabIndex={-1} p="md" maw="80rem" mx="auto">
        {children}
      </Box>
    </>
  );
}
