import { useMe } from '../../api/hooks.ts';
import { PageHeader } from '../../parts/page-header.tsx';

export function Overview() {
  const { organization } = useMe();
  return <PageHeader title="Overview" description={organization?.name} />;
}
