/** What most files of this folder open: a Plinth with one organization, a browser, and visits that are signed in. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { processPendingEvents } from '../../src/modules/events/processing.ts';
import { modules } from '../../src/modules.ts';
import type { TestAnswer } from '../../src/testing.ts';
import {
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  type TestPerson,
} from '../support/plinth.ts';
import { chromiumPath, describePages, openBrowser, type Visit, type VisitOptions, visitAs } from './support.ts';

const prepare_ms_max = 180_000;

/** There once the tests run. */
export interface Opened {
  readonly plinth: ClockedPlinth;
  readonly owner: FirstRun;
  readonly browser: Browser;
}

/** What tests call: can be destructured where they are described. */
export interface Means {
  /** A browser of its own on the console, of the owner unless it is somebody else's; closed with the rest. */
  signedIn(options?: VisitOptions, who?: { readonly cookie: string }): Promise<Visit>;
  /** Somebody else in the organization. */
  newPerson(role: 'admin' | 'member' | 'viewer'): Promise<TestPerson>;
  /** A call of the API with the owner's key; throws what was refused. */
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<TestAnswer['body']>;
  post(path: string, body?: unknown): Promise<TestAnswer['body']>;
  /** Matches all events that wait. */
  processEvents(): Promise<void>;
}

export type SignedIn<Data> = Opened & Means & { readonly data: Data };

interface SignedInOptions<Data> {
  /** Beside Plinth's own. */
  readonly extraModules?: typeof modules;
  readonly plinth?: Parameters<typeof openPlinthOn>[2];
  /** Makes the data, before the browser is opened. */
  readonly prepare?: (its: Omit<SignedIn<unknown>, 'browser' | 'data' | 'signedIn'>) => Promise<Data>;
}

/** Describes pages of the console in Chromium, on the engines of `describePages`; skipped where there is no Chromium. */
export function describeSignedIn<Data = undefined>(
  title: string,
  options: SignedInOptions<Data>,
  body: (its: SignedIn<Data>) => void,
): void {
  describe.skipIf(chromiumPath === undefined)('in Chromium', () => {
    describePages(title, (on) => {
      const visits: Visit[] = [];
      const means: Means = {
        async signedIn(look, who = its.owner) {
          const one = await visitAs(its.browser, { cookie: who.cookie, slug: its.owner.slug }, look);
          visits.push(one);
          return one;
        },
        newPerson: (role) => addPerson(its.plinth, its.owner, role),
        async send(method, path, content) {
          const answer = await its.plinth.call(method, path, {
            key: its.owner.key,
            ...(content === undefined ? {} : { body: content }),
          });
          if (answer.status >= 300) throw new Error(answer.text);
          return answer.body;
        },
        post: (path, content = {}) => means.send('POST', path, content),
        async processEvents() {
          while ((await processPendingEvents(its.plinth.platform, its.owner.organizationId)).events > 0);
        },
      };
      // the rest of it comes before the first test
      const its = { ...means } as { -readonly [Name in keyof SignedIn<Data>]: SignedIn<Data>[Name] };
      beforeAll(async () => {
        its.plinth = await openPlinthOn(on.engine, [...modules, ...(options.extraModules ?? [])], options.plinth);
        its.owner = await firstRun(its.plinth);
        if (options.prepare) its.data = await options.prepare(its);
        its.browser = await openBrowser(its.plinth);
      }, prepare_ms_max);
      body(its);
      // before what the body closes: what was registered last is called first
      afterAll(async () => {
        for (const one of visits) await one.close();
        await its.browser?.close();
        await its.plinth?.close();
      });
    });
  });
}
