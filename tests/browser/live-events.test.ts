import { expect, it } from 'vitest';
import { text } from '../support/plinth.ts';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn, type Means } from './signed-in.ts';
import { expectQuiet, findingsInAllLooks } from './support.ts';
import { demoTasks } from './work-data.ts';

const teller =
  ({ post }: Pick<Means, 'post'>) =>
  (title: string, more: object = {}) =>
    post('/v1/events', { type: 'order.paid', title, ...more });

describeSignedIn(
  'searching events, and watching them come',
  {
    extraModules: [demoTasks],
    async prepare(its) {
      const tell = teller(its);
      await tell('Order seven', { payload: { order: { id: 7, status: 'paid' } } });
      await tell('Order eight', { type: 'order.failed', payload: { order: { id: 8, status: 'failed' } } });
      await tell('Nightly build', { type: 'build.done', category: 'ci', payload: { log: 'segmentation fault' } });
      await tell('Long ago', { occurred_at: new Date(Date.now() - 3 * 86_400_000).toISOString() });
      await its.processEvents();
    },
  },
  (its) => {
    const { signedIn, newPerson, post, processEvents } = its;
    const tell = teller(its);

    it('events are found by words, contents, names and times, and the address says how', async () => {
      const it = await signedIn();
      const { page } = it;
      const rows = page.getByRole('table', { name: 'Events' }).getByRole('link');
      const found = (...titles: string[]) => expect.poll(() => rows.allInnerTexts()).toEqual(titles);
      await it.go('/events?search=order+-eight+-ago');
      await found('Order seven');
      await page.getByText('whole words, not parts').waitFor();
      expect(await page.getByRole('searchbox', { name: 'Words' }).inputValue()).toBe('order -eight -ago');
      await page.getByRole('searchbox', { name: 'Words' }).fill('fault');
      await found('Nightly build');
      expect(await findingsInAllLooks(page, 'events search')).toEqual({});
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await page.getByLabel('Payload contains').fill('{"order":');
      await page.getByText('This is no whole JSON yet').waitFor();
      await page.getByLabel('Payload contains').fill('{"order":{"status":"failed"}}');
      await found('Order eight');
      expect(new URL(page.url()).searchParams.get('contains')).toBe('{"order":{"status":"failed"}}');
      await it.go('/events?name=order.*&time=day');
      await found('Order eight', 'Order seven');
      await page.getByLabel('Time').selectOption('week');
      await found('Order eight', 'Order seven', 'Long ago');
      await it.go('/events?category=ci');
      await found('Nightly build');
      // what the server refuses is said
      await it.go(`/events?${new URLSearchParams({ contains: '{}' })}`);
      await page
        .getByRole('alert')
        .getByText(/at least one value/)
        .waitFor();
      it.complaints.splice(0);
      expectQuiet(it);
    });

    it('events appear as they come, by filters, paused and resumed without a gap', async () => {
      const it = await signedIn();
      const { page } = it;
      const rows = page.getByRole('table', { name: 'Live events' }).getByRole('link');
      await it.go('/live?name=order.*');
      await page.getByText('connected', { exact: true }).waitFor();
      await page.getByText('Nothing came yet').waitFor();
      expect(await findingsInAllLooks(page, 'live empty')).toEqual({});
      await tell('First');
      await tell('Not asked for', { type: 'build.done' });
      await tell(hostileTexts[1] as string);
      await expect.poll(() => rows.allInnerTexts()).toEqual([hostileTexts[1], 'First']);
      expect(await page.evaluate('"hacked" in window')).toBe(false);
      expect(await findingsInAllLooks(page, 'live')).toEqual({});
      // a summary is said aloud, rows are not
      expect(
        await page
          .locator('[aria-live], [role=status], [role=log]')
          .getByText(/First|rows/)
          .count(),
      ).toBe(0);
      await expect.poll(() => page.getByRole('status').first().innerText()).toContain('2 events came');

      await page.getByRole('button', { name: 'Pause' }).press('Enter');
      await page.getByText('paused', { exact: true }).waitFor();
      await tell('While paused');
      await page.getByRole('button', { name: 'Resume' }).press('Enter');
      await expect.poll(() => rows.allInnerTexts()).toEqual(['While paused', hostileTexts[1], 'First']);

      // a connection that breaks is made again
      await it.context.setOffline(true);
      await it.context.route('**/v1/live?*', (route) => route.abort());
      await page.getByLabel('Name').fill('order*');
      await page.getByText('reconnecting', { exact: true }).waitFor();
      await it.context.unroute('**/v1/live?*');
      await it.context.setOffline(false);
      await page.getByText('connected', { exact: true }).waitFor();
      await tell('After the break');
      await rows.getByText('After the break').waitFor();
      await page.getByRole('link', { name: 'After the break' }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'After the break' }).waitFor();
      it.complaints.splice(0);
      expectQuiet(it);
    }, 90_000);

    it('of very many the newest are kept, and the page stays small', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/live');
      await page.getByText('connected', { exact: true }).waitFor();
      const many = Array.from({ length: 700 }, (_, n) => ({ type: 'n', title: `Number ${n}` }));
      await post('/v1/events', many);
      await page.getByText('700 events came; the newest 500 are shown').waitFor();
      await page.getByText('500 rows').waitFor();
      expect(await page.getByRole('row').count()).toBeLessThan(100);
      expectQuiet(it);
    });

    it('an event leads to the task, the run and the webhook it made, and who may only read retries none', async () => {
      await post('/v1/event-subscriptions', {
        name: 'Echo',
        names: ['trip.made'],
        action: 'task',
        target: { task_type: 'demo.echo' },
      });
      const endpoint = await post('/v1/event-endpoints', { url: 'https://receiver.example/hooks' });
      await post('/v1/event-subscriptions', {
        name: 'Tell them',
        names: ['trip.made'],
        action: 'webhook',
        target: { endpoint_id: text(endpoint['id']) },
      });
      const sent = (await tell('A trip', { type: 'trip.made', payload: { n: 1 } }))['data'] as unknown as {
        id: string;
      }[];
      await processEvents();
      const viewer = await signedIn({}, await newPerson('viewer'));
      const { page } = viewer;
      await viewer.go(`/events/${sent[0]?.id}`);
      await page.getByText('Sent with a key').waitFor();
      await page.getByRole('link', { name: 'Subscription Tell them' }).waitFor();
      await page.getByRole('link', { name: 'Task demo.echo' }).waitFor();
      const delivery = page.getByRole('link', { name: 'Delivery', exact: true });
      await delivery.waitFor();
      expect(await delivery.getAttribute('href')).toMatch(/\/deliveries\/[0-9a-f-]{36}$/);
      expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(0);
      expect(await findingsInAllLooks(page, 'event journey')).toEqual({});
      expectQuiet(viewer);
    });
  },
);
