import { Box, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

/** A page outside any organization: one narrow column with one thing to do. */
export function FrontPage({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} – Plinth`;
  }, [title]);
  return (
    <Box component="main" maw="28rem" mx="auto" pt={{ base: 'md', sm: '10vh' }} px="md">
      <Stack gap="lg" p={{ base: 'md', sm: 'xl' }} className="surface">
        <Text fw={650} c="dimmed">
          Plinth
        </Text>
        <Title order={1} fz="h2">
          {title}
        </Title>
        {children}
      </Stack>
    </Box>
  );
}
