import { Box, Group, Text, Title } from '@mantine/core';
import { type ReactNode, useLayoutEffect, useRef } from 'react';

interface PageHeaderProps {
  readonly title: string;
  readonly description?: ReactNode;
  /** Buttons at the right. */
  readonly actions?: ReactNode;
}

/** The portal is its tenant's: it bears no name of ours. */
const application = document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content ?? 'Plinth';

/** The address whose page had the focus last. */
let focusedAt = '';

/**
 * The page's name, in the window's title too. It takes the focus, so that screen readers say where they are: at once, or
 * keys pressed as soon as the page is seen would go elsewhere. What the page reads may come late: its name then leaves the
 * focus to what somebody has gone on to, such as the palette.
 */
export function PageHeader({ title, description, actions }: PageHeaderProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    document.title = `${title} – ${application}`;
    const isLeft = document.activeElement === null || document.activeElement === document.body;
    if (isLeft || focusedAt !== location.pathname) heading.current?.focus({ preventScroll: true });
    focusedAt = location.pathname;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <Box maw="48rem">
        <Title order={1} fz="h2" ref={heading} tabIndex={-1} style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        {description === undefined ? null : (
          <Text c="dimmed" size="sm" component="div">
            {description}
          </Text>
        )}
      </Box>
      {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
