import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { isWorthRetrying } from '../api/hooks.ts';
import { Problem } from '../api/problem.ts';
import { LinkGuard } from '../parts/external-link.tsx';
import { Gate } from './gate.tsx';
import { styleNonce } from './nonce.ts';
import { useDensity } from './preferences.ts';
import { makeTheme, resolveVariables } from './theme.ts';

/** Long enough that going back and forth asks nothing again, short enough that nobody waits for news. */
const fresh_ms = 10_000;

function makeClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // a session that ended in another window, or was ended for us: ask who is there, and show the sign-in
      onError: (error, { queryKey }) => {
        if (error instanceof Problem && error.status === 401 && queryKey[0] !== '/v1/me') {
          void client.resetQueries({ queryKey: ['/v1/me'] });
        }
      },
    }),
    defaultOptions: { queries: { staleTime: fresh_ms, retry: isWorthRetrying, refetchOnWindowFocus: true } },
  });
  return client;
}

/** Everything around the pages: theme, notices, kept answers, and the question who is there. */
export function App({ linkToken }: { linkToken: string | undefined }) {
  const [client] = useState(makeClient);
  const [density] = useDensity();
  const theme = useMemo(() => makeTheme(density), [density]);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" />
        <LinkGuard>
          <Gate linkToken={linkToken} />
        </LinkGuard>
      </QueryClientProvider>
    </MantineProvider>
  );
}
