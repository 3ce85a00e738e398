import { Center, Loader } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import { RouterProvider } from 'react-router/dom';
import { pathInAddress } from '../api/base-path.ts';
import { useRead } from '../api/hooks.ts';
import type { Problem } from '../api/problem.ts';
import { setOrganization } from '../api/request.ts';
import type { Me } from '../api/types.ts';
import { ErrorState } from '../parts/states.tsx';
import { ChooseOrganization } from './choose-organization.tsx';
import { FrontPage } from './front-page.tsx';
import { basenameOf, choosePath, goTo, organizationInAddress, takeLinkToken } from './place.ts';
import { lastOrganization } from './preferences.ts';
import { makeRouter } from './router.tsx';
import { ChoosePassword, SignIn } from './sign-in.tsx';

// before the first request: each one names the organization of the address
setOrganization(organizationInAddress());

/**
 * Who is not signed in sees the sign-in where they are, and afterwards the page they came for; who is in no
 * organization yet, or not in this one, chooses.
 */
export function Gate({ linkToken }: { linkToken: string | undefined }) {
  const [token, setToken] = useState(linkToken);
  useEffect(() => {
    // a link opened where the console is already: only the fragment changes, and the page is not loaded again
    const follow = () => setToken((before) => takeLinkToken() ?? before);
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  const me = useRead<Me>('/v1/me', {}, { enabled: token === undefined });
  if (token !== undefined) return <ChoosePassword token={token} onDone={() => setToken(undefined)} />;
  if (me.isPending) return <Waiting />;
  if (me.data) return <SignedIn me={me.data} />;
  if (me.error.status === 401) return <SignIn />;
  return <NoEntry problem={me.error} onRetry={() => void me.refetch()} />;
}

function Waiting() {
  return (
    <Center h="100vh" component="main">
      <Loader aria-label="Loading" role="status" />
    </Center>
  );
}

function SignedIn({ me }: { me: Me }) {
  const asked = organizationInAddress();
  const chosen = asked ?? (pathInAddress() === choosePath ? undefined : organizationFor(me));
  const router = useMemo(() => (asked === undefined ? undefined : makeRouter(asked)), [asked]);
  useEffect(() => {
    if (chosen === undefined) return;
    lastOrganization.set(chosen);
    // every address names its organization, so that a link shows somebody else the same
    if (asked === undefined) location.replace(`${basenameOf(chosen)}${pathInAddress()}${location.search}`);
  }, [asked, chosen]);
  if (chosen === undefined) return <ChooseOrganization me={me} />;
  return router ? <RouterProvider router={router} /> : <Waiting />;
}

/** The organization used last, or the only one. */
function organizationFor(me: Me): string | undefined {
  const live = me.organizations.filter((one) => one.deleted_at === null);
  const last = live.find(({ slug }) => slug === lastOrganization.get());
  return (last ?? (live.length === 1 ? live[0] : undefined))?.slug;
}

/** Signed in, but the server does not answer for this address: not a member, or no server at all. */
function NoEntry({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  const asked = organizationInAddress();
  if (problem.status === 403 && asked !== undefined) {
    return (
      <FrontPage title="Not your organization">
        <ErrorState error={problem} onRetry={() => goTo('/')} retryLabel="Choose another organization" />
      </FrontPage>
    );
  }
  return (
    <FrontPage title="The console can not start">
      <ErrorState error={problem} onRetry={onRetry} />
    </FrontPage>
  );
}
