import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { useCan } from '../../api/hooks.ts';

/**
 * Whose pages of events going out these are: the console's, or the portal's, where a customer of the tenant sees what is
 * its own. They ask at different paths, and the portal has no limits and no other customers.
 */
export interface Out {
  readonly endpoints: string;
  readonly deliveries: string;
  readonly isPortal: boolean;
  readonly mayManage: boolean;
  readonly maySend: boolean;
}

const Place = createContext<Out | undefined>(undefined);

export function useOut(): Out {
  const out = useContext(Place);
  if (!out) throw new Error('a page of endpoints stands outside InConsole and InPortal');
  return out;
}

/** What a write changes, for `touches`. */
export const touchedOf = ({ endpoints, deliveries }: Out): readonly string[] => [
  endpoints,
  deliveries,
  '/v1/event-delivery-statistics',
];

export function InConsole({ children }: { children: ReactNode }) {
  const mayManage = useCan('event_endpoints:write');
  const maySend = useCan('event_deliveries:write');
  const out = useMemo(
    () => ({
      endpoints: '/v1/event-endpoints',
      deliveries: '/v1/event-deliveries',
      isPortal: false,
      mayManage,
      maySend,
    }),
    [mayManage, maySend],
  );
  return <Place value={out}>{children}</Place>;
}

const portal: Out = {
  endpoints: '/v1/event-portal/endpoints',
  deliveries: '/v1/event-portal/deliveries',
  isPortal: true,
  mayManage: true,
  maySend: true,
};

export function InPortal({ children }: { children: ReactNode }) {
  return <Place value={portal}>{children}</Place>;
}
