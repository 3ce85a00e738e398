import { createBrowserRouter } from 'react-router';
import { ErrorState } from '../parts/states.tsx';
import { areas } from './areas.ts';
import { NotFound } from './not-found.tsx';
import { PageError } from './page-error.tsx';
import { basenameOf } from './place.ts';
import { Shell } from './shell.tsx';

/** The pages of one organization. An error in one of them leaves the navigation standing. */
export function makeRouter(slug: string): ReturnType<typeof createBrowserRouter> {
  return createBrowserRouter(
    [
      {
        path: '/',
        element: <Shell />,
        errorElement: <ErrorState error={new Error('The console can not be shown')} />,
        children: [
          {
            errorElement: <PageError />,
            children: [...areas.flatMap((area) => area.routes), { path: '*', element: <NotFound /> }],
          },
        ],
      },
    ],
    { basename: basenameOf(slug) },
  );
}
