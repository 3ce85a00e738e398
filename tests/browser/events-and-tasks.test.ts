import { expect, it } from 'vitest';
import { hostileAddresses, hostilePayloads, hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import { dialogOn, expectPagesAccessible, expectQuiet } from './support.ts';
import { demoTasks, makeWorkData, runTasks } from './work-data.ts';

describeSignedIn(
  'the pages of events and tasks',
  {
    extraModules: [demoTasks],
    prepare: ({ plinth, owner }) => makeWorkData(plinth, owner),
  },
  (its) => {
    const { signedIn, newPerson, post, processEvents } = its;

    it('open without findings of axe', async () => {
      const it = await signedIn();
      const pages: readonly [path: string, text: string][] = [
        ['/events', 'Order 1001 was paid'],
        [`/events/${its.data.pushEvent}`, 'Pushes to main'],
        ['/events?status=failed', 'No event matches'],
        ['/tasks', 'Say it again'],
        [`/tasks/${its.data.failedTask}`, 'upstream_down'],
        ['/tasks/new', 'Attempts at most'],
      ];
      await expectPagesAccessible(it, pages);
      expectQuiet(it);
    }, 120_000);

    it('filters live in the address, and come back from it', async () => {
      const it = await signedIn();
      const { page } = it;
      const rows = page.getByRole('table', { name: 'Events' }).getByRole('link');
      await it.go('/events');
      await page.getByRole('searchbox', { name: 'Words' }).fill('ORDER');
      await expect.poll(() => rows.allInnerTexts()).toEqual(['Order 1001 was paid']);
      expect(new URL(page.url()).searchParams.get('search')).toBe('ORDER');
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await expect.poll(() => rows.count()).toBe(3);
      expect(new URL(page.url()).search).toBe('');
      await page.getByLabel('Source').selectOption('github');
      await page.getByLabel('Name').fill('issues.*');
      await expect.poll(() => rows.allInnerTexts()).toEqual(['Totals are wrong']);
      await page.reload();
      await expect.poll(() => rows.allInnerTexts()).toEqual(['Totals are wrong']);
      expect(await page.getByLabel('Source').inputValue()).toBe('github');
      await page.getByLabel('Status').selectOption('processed');
      await page.getByText('No event matches').waitFor();
      // what would end a value or a list of the dialect is text like any other
      for (const typed of ['"),*', '%', '_\\', 'a,b)', "'"]) {
        await it.go(`/events?${new URLSearchParams({ search: typed })}`);
        await page.getByText('No event matches').waitFor();
      }
      const tasks = page.getByRole('table', { name: 'Tasks' }).getByRole('link');
      await it.go(`/tasks?${new URLSearchParams({ status: 'failed', project: its.data.projectId })}`);
      await expect.poll(() => tasks.allInnerTexts()).toEqual(['Ask the other side']);
      await it.go('/tasks?type=demo.echo&search=say');
      await expect.poll(() => tasks.allInnerTexts()).toEqual(['Say it again']);
      expectQuiet(it);
    });

    it('an event shows its columns, its payload and its journey to a task that is retried by keyboard', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/events');
      await page.getByRole('link', { name: 'Prices in cents' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Prices in cents' }).waitFor();
      expect(await page.getByRole('region', { name: 'GitHub columns' }).innerText()).toContain('refs/heads/main');
      expect(await page.getByRole('region', { name: 'Payload' }).innerText()).toContain('"full_name": "acme/shop"');
      expect(await page.getByRole('main').innerText()).toContain('Processed: a subscription wanted it');
      await page.getByRole('link', { name: 'Task demo.flaky' }).focus();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Retry task demo.flaky');
      await page.keyboard.press('Enter');
      await page.getByText('The task is queued again').waitFor();
      await page.getByText('pending', { exact: true }).waitFor();
      await runTasks(its.plinth);
      await page.getByText('failed', { exact: true }).waitFor();
      // a link to elsewhere asks first
      await page.getByRole('button', { name: /github\.com\/acme\/shop/ }).click();
      await page.getByRole('dialog', { name: 'Leave this console?' }).getByRole('button', { name: 'Stay' }).click();
      expectQuiet(it);
    });

    it('a failed event is retried by keyboard, and matched with the subscriptions as they are now', async () => {
      const target = { task_type: 'demo.echo' };
      const subscription = { name: 'Forks', names: ['fork'], target };
      const made = await post('/v1/event-subscriptions', subscription);
      const setTarget = (value: unknown) =>
        its.plinth.owner('update plinth.event_subscriptions set target = $2 where id = $1', [
          made['id'],
          JSON.stringify(value),
        ]);
      await setTarget({ task_type: 'Not A Type' });
      const repository = { id: 7, name: 'shop', full_name: 'acme/shop', html_url: 'https://github.com/acme/shop' };
      const id = await its.data.github('fork', { forkee: repository, repository, sender: { id: 1, login: 'ada' } });
      await processEvents();
      const viewer = await signedIn({}, await newPerson('viewer'));
      await viewer.go(`/events/${id}`);
      await viewer.page.getByText('failed', { exact: true }).waitFor();
      expect(await viewer.page.getByRole('button', { name: 'Retry event' }).count()).toBe(0);

      const it = await signedIn();
      const { page } = it;
      await it.go(`/events/${id}`);
      await page.getByRole('button', { name: 'Retry event' }).waitFor();
      await page.locator('h1:focus').waitFor();
      await page.keyboard.press('Tab');
      await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Retry event');
      await setTarget(target);
      await page.keyboard.press('Enter');
      await page.getByText('The event is matched again').waitFor();
      await page.getByText('pending', { exact: true }).waitFor();
      await processEvents();
      await page.getByText('processed', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: 'Retry event' }).count()).toBe(0);
      await page.getByRole('link', { name: 'Task demo.echo' }).waitFor();
      expectQuiet(it);
    });

    it('a task shows its error and attempts, is retried, cancelled and enqueued by keyboard', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go(`/tasks/${its.data.failedTask}`);
      expect(await page.getByRole('alert').innerText()).toContain('did not answer: <b>503</b>');
      // they are asked for after the task
      await expect.poll(() => page.getByRole('region', { name: 'Attempts' }).getByRole('row').count()).toBe(2);
      await page.getByRole('button', { name: 'Retry' }).press('Enter');
      await page.getByText('The task is queued again').waitFor();
      await page.getByRole('button', { name: 'Cancel task' }).press('Enter');
      await (await dialogOn(page)).getByLabel('Reason').fill('twice is enough');
      await page.keyboard.press('Enter');
      await page.getByText('twice is enough').waitFor();
      await page.getByRole('button', { name: 'Retry' }).waitFor();

      await it.go('/tasks');
      await page.getByRole('link', { name: 'Enqueue a task' }).press('Enter');
      // the list that is left has a filter of the same name
      await page.getByRole('heading', { level: 1, name: 'Enqueue a task' }).waitFor();
      await page.getByLabel('Type').selectOption('demo.echo');
      await page.getByLabel('Title').fill('By hand');
      await page.getByLabel('Payload').fill('{ "n": ');
      await page.getByLabel('Title').press('Enter');
      await page.getByText('This is not JSON').waitFor();
      await page.getByLabel('Payload').fill('{ "n": 41 }');
      await page.getByLabel('Title').press('Enter');
      await page.getByRole('heading', { level: 1, name: 'By hand' }).waitFor();
      await runTasks(its.plinth);
      const stored = await its.plinth.owner('select status, results from plinth.tasks where title = $1', ['By hand']);
      expect(stored).toEqual([{ status: 'completed', results: { n: 41 } }]);
      await page.getByRole('region', { name: 'Result' }).waitFor();
      expect(await page.getByRole('region', { name: 'Result' }).innerText()).toContain('"n": 41');
      expectQuiet(it);
    });

    it('who may only read is offered no action; an id that is none, or elsewhere, says so', async () => {
      const viewer = await newPerson('viewer');
      const it = await signedIn({}, viewer);
      const { page } = it;
      await it.go(`/tasks/${its.data.waitingTask}`);
      await page.getByRole('heading', { level: 1, name: 'Tomorrow' }).waitFor();
      expect(await page.getByRole('button', { name: /Cancel task|Retry/ }).count()).toBe(0);
      for (const path of ['/tasks/0190', '/events/01900000-0000-7000-8000-000000000000']) {
        await it.go(path);
        await page.getByText('There is no such').waitFor();
      }
      expect({ outside: it.outside, faults: it.faults }).toEqual({ outside: [], faults: [] });
    });

    it('a list that can not be read says why, and is read when asked again', async () => {
      const it = await signedIn();
      const { page, context } = it;
      await context.route('**/rest/v1/tasks?*', (route) =>
        route.fulfill({
          status: 403,
          contentType: 'application/problem+json',
          body: JSON.stringify({ title: 'This is not allowed', code: 'forbidden', status: 403 }),
        }),
      );
      await it.go('/tasks');
      await page.getByText('This is not allowed').waitFor();
      await context.unroute('**/rest/v1/tasks?*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('link', { name: 'Say it again' }).waitFor();
    });

    it('hostile text and payloads are shown, and nothing in them acts', async () => {
      const it = await signedIn();
      const { page } = it;
      const paths: string[] = [];
      for (const [index, text] of hostileTexts.entries()) {
        const url = hostileAddresses[index % hostileAddresses.length] as string;
        const repository = { id: 90 + index, full_name: 'evil/<b>', html_url: url };
        const issue = { number: 1, title: text, body: text, html_url: url };
        const sender = { id: 5, login: text, avatar_url: 'https://evil.example/avatar.png' };
        paths.push(`/events/${await its.data.github('issues', { action: 'opened', issue, repository, sender })}`);
        // their titles are all in the list; a few are opened
        const task = await its.data.enqueue({ task_type: 'demo.echo', title: text, payload: { text, url } });
        if (index % 4 === 0) paths.push(`/tasks/${task}`);
      }
      for (const [name, payload] of Object.entries(hostilePayloads)) {
        paths.push(`/events/${await its.data.github('ping', { name, payload })}`);
        if (name !== 'megabyte') {
          paths.push(`/tasks/${await its.data.enqueue({ task_type: 'demo.echo', title: name, payload })}`);
        }
      }
      await processEvents();
      await runTasks(its.plinth);
      for (const path of ['/events', '/tasks', ...paths]) {
        await it.go(path);
        await page.getByRole(/^\/\w+$/.test(path) ? 'table' : 'region', { name: /Events|Tasks|Payload/ }).waitFor();
        expect(await page.evaluate('"hacked" in window || "hacked" in {}'), path).toBe(false);
        // what is in sight holds no character that turns or hides what stands beside it
        expect(await page.getByRole('main').innerText(), path).not.toMatch(
          /[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
        );
        const links = await page
          .locator('main a[href], main img, main iframe, main script')
          .evaluateAll((all) => all.map((one) => `${one.tagName} ${one.getAttribute('href') ?? ''}`));
        for (const link of links) expect(link, path).toMatch(/^A \/o\/acme\//);
        expect(await page.title()).toMatch(/ – Plinth$/);
      }
      expectQuiet(it);
    }, 120_000);
  },
);
