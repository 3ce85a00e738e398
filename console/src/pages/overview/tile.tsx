import { Group, Skeleton, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { StatusBadge } from '../../parts/status-badge.tsx';
import styles from './tile.module.css';

interface TileProps {
  readonly title: string;
  /** Where its cause is shown. */
  readonly to: string;
  readonly status?: 'ok' | 'warning' | 'failed' | 'unknown';
  readonly value?: ReactNode;
  readonly detail?: ReactNode;
  readonly isLoading?: boolean;
}

/** One fact, and the way to what is behind it. */
export function Tile({ title, to, status, value, detail, isLoading = false }: TileProps) {
  return (
    <Link to={to} className={`surface ${styles['tile']}`} data-status={status}>
      <Stack gap={6}>
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" c="dimmed">
            {title}
          </Text>
          {status && !isLoading ? <StatusBadge status={status} /> : null}
        </Group>
        {isLoading ? <Skeleton height={28} width="50%" /> : null}
        {!isLoading && value !== undefined ? (
          <Text fz="1.6rem" lh={1.2} fw={650}>
            {value}
          </Text>
        ) : null}
        {!isLoading && detail !== undefined ? <Text size="sm">{detail}</Text> : null}
      </Stack>
    </Link>
  );
}
