import { SimpleGrid, Title } from '@mantine/core';
import { useMe } from '../../api/hooks.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Counts } from './counts.tsx';
import { Health } from './health.tsx';

/** Whether all is well, and how much there is: each tile leads to what it is about. */
export function Overview() {
  const { organization } = useMe();
  return (
    <>
      <PageHeader title="Overview" description={organization?.name} />
      <Title order={2} fz="h4" mb="xs">
        Health
      </Title>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} mb="xl">
        <Health />
      </SimpleGrid>
      <Title order={2} fz="h4" mb="xs">
        The last 24 hours
      </Title>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 4 }}>
        <Counts />
      </SimpleGrid>
    </>
  );
}
