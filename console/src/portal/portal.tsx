import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { createBrowserRouter, Navigate } from 'react-router';
import { RouterProvider } from 'react-router/dom';
import { basePath } from '../api/base-path.ts';
import { isWorthRetrying, useRead } from '../api/hooks.ts';
import { Problem } from '../api/problem.ts';
import { styleNonce } from '../app/nonce.ts';
import { PageError } from '../app/page-error.tsx';
import { makeTheme, resolveVariables } from '../app/theme.ts';
import { Deliveries } from '../pages/deliveries/deliveries.tsx';
import { DeliveryPage } from '../pages/deliveries/delivery.tsx';
import { EditEndpoint, NewEndpoint } from '../pages/endpoints/edit-endpoint.tsx';
import { EndpointPage } from '../pages/endpoints/endpoint.tsx';
import { Endpoints } from '../pages/endpoints/endpoints.tsx';
import { InPortal } from '../pages/endpoints/out.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { EmptyState, ErrorState, LoadingState } from '../parts/states.tsx';
import { Frame, Outside, type Pass } from './frame.tsx';
import { forgetToken } from './token.ts';

const fresh_ms = 10_000;
const passPath = '/v1/event-portal';
const theme = makeTheme('comfortable');

function makeClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // the link is over: ask once more, and say so
      onError: (error, { queryKey }) => {
        if (error instanceof Problem && error.status === 401 && queryKey[0] !== passPath) {
          void client.resetQueries({ queryKey: [passPath] });
        }
      },
    }),
    defaultOptions: { queries: { staleTime: fresh_ms, retry: isWorthRetrying, refetchOnWindowFocus: true } },
  });
  return client;
}

/** What a customer of a tenant sees: its own endpoints and what was sent to them, by the token of a link alone. */
export function Portal({ hasToken }: { hasToken: boolean }) {
  const [client] = useState(makeClient);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" />
        {hasToken ? <Gate /> : <NoLink />}
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Gate() {
  const { data, error, refetch } = useRead<Pass>(passPath);
  const isOver = error?.status === 401;
  useEffect(() => {
    if (isOver) forgetToken();
  }, [isOver]);
  const [router] = useState(makeRouter);
  if (data && !isOver) {
    return (
      <InPortal>
        <RouterProvider router={router} />
      </InPortal>
    );
  }
  if (isOver) return <NoLink />;
  return (
    <Outside>
      <PageHeader title="Webhooks" />
      {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <LoadingState />}
    </Outside>
  );
}

/** No token, or one that is over or never was: they are told alike. */
function NoLink() {
  return (
    <Outside>
      <PageHeader title="Webhooks" />
      <EmptyState title="This link is not valid any more">
        Links last for a short time. Ask for a new one where you got it.
      </EmptyState>
    </Outside>
  );
}

function makeRouter(): ReturnType<typeof createBrowserRouter> {
  return createBrowserRouter(
    [
      {
        path: '/',
        element: <Frame />,
        children: [
          {
            errorElement: <PageError />,
            children: [
              { path: 'endpoints', element: <Endpoints /> },
              { path: 'endpoints/new', element: <NewEndpoint /> },
              { path: 'endpoints/:id', element: <EndpointPage /> },
              { path: 'endpoints/:id/edit', element: <EditEndpoint /> },
              { path: 'deliveries', element: <Deliveries /> },
              { path: 'deliveries/:id', element: <DeliveryPage /> },
              { index: true, element: <Navigate to="/endpoints" replace /> },
              { path: '*', element: <Navigate to="/endpoints" replace /> },
            ],
          },
        ],
      },
    ],
    { basename: `${basePath}/portal` },
  );
}
