import { SegmentedControl, SimpleGrid, Stack, Text, Title, useMantineColorScheme } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { type Density, useDensity } from '../../app/preferences.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Password } from './password.tsx';
import { Profile } from './profile.tsx';
import { Sessions } from './sessions.tsx';

/** What is the person's own: look, name, password, and where they are signed in. */
export function Preferences() {
  return (
    <>
      <PageHeader title="Preferences" description="Yours, in every organization." />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        <Look />
        <Profile />
        <Password />
        <Sessions />
      </SimpleGrid>
    </>
  );
}

/** One box of the page. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack component="section" p="lg" className="surface" aria-label={title}>
      <Title order={2} fz="h4">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function Look() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [density, setDensity] = useDensity();
  const [themeId, densityId] = [useId(), useId()];
  return (
    <Section title="Look">
      <div>
        <Text size="sm" fw={500} id={themeId}>
          Theme
        </Text>
        <SegmentedControl
          aria-labelledby={themeId}
          value={colorScheme}
          onChange={(value) => setColorScheme(value as 'auto' | 'light' | 'dark')}
          data={[
            { value: 'auto', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </div>
      <div>
        <Text size="sm" fw={500} id={densityId}>
          Density
        </Text>
        <SegmentedControl
          aria-labelledby={densityId}
          value={density}
          onChange={(value) => setDensity(value as Density)}
          data={[
            { value: 'comfortable', label: 'Comfortable' },
            { value: 'compact', label: 'Compact' },
          ]}
        />
      </div>
      <Text size="xs" c="dimmed">
        Kept in this browser.
      </Text>
    </Section>
  );
}
