import { afterAll, expect, it } from 'vitest';
import { answer, startReceiver } from '../../src/modules/deliveries/deliveries.fixture.ts';
import { deliverDue } from '../../src/modules/deliveries/send.ts';
import { countEventHours } from '../../src/modules/events/counts/count-hours.ts';
import { outbound } from '../../src/platform/net/index.ts';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import {
  expectAccessibleInBoth,
  expectPagesAccessible,
  expectQuiet,
  holdAnswers,
  openPalette,
  pressInDialog,
} from './support.ts';
import { demoTasks } from './work-data.ts';

describeSignedIn(
  'the pages of subscriptions, the filter tester and the volume',
  {
    extraModules: [demoTasks],
    plinth: { net: outbound({ allowLoopback: true }) },
    async prepare({ plinth, post, processEvents }) {
      const receiver = await startReceiver(plinth.clock);
      const { id } = await post('/v1/event-endpoints', { url: `${receiver.url}/in` });
      await post('/v1/events', [
        { type: 'order.paid', payload: { total: 10, note: hostileTexts[1] } },
        { type: 'order.paid', payload: { total: 500 } },
        { type: 'order.sent', payload: {} },
        { type: 'user.made', payload: { total: 600 } },
      ]);
      await processEvents();
      return { receiver, endpoint: String(id) };
    },
  },
  (its) => {
    const { signedIn, newPerson, send, post, processEvents } = its;
    afterAll(() => its.data?.receiver.close());

    it('a subscription is made with its filter tried as it is typed, batched, paused and deleted, by keyboard', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/subscriptions');
      await page.getByText('No subscriptions yet').waitFor();
      await page.getByRole('link', { name: 'New subscription' }).first().press('Enter');
      await page.getByRole('heading', { level: 1, name: 'New subscription' }).waitFor();
      await page.getByText('4 of the newest 4 events match').waitFor();
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill(hostileTexts[0]!);
      await page.getByLabel('Names').fill('order.*');
      await page.getByText('3 of the newest 4 events match').waitFor();
      await page.getByText('its name fits none of these').waitFor();
      const filter = page.getByLabel('Filter', { exact: true });
      await filter.fill('payload.total >');
      await page.getByText(/at character \d+/).waitFor();
      await filter.fill('{"op": "and", "filters": [{"op": "nothing"}, {"op": "has", "path": []}]}');
      await page.getByText('/filters/0/op is not an operator of filters').waitFor();
      await filter.fill('{"op": ');
      await page.getByText('This is not JSON').waitFor();
      expect(it.complaints.splice(0).every((one) => /422/.test(one))).toBe(true);
      await filter.fill('payload.total > 100');
      await page.getByText('1 of the newest 4 events matches').waitFor();
      await page.getByText('is false: it is 10').waitFor();
      // the other form of a filter is not offered for one that was typed since
      const release = await holdAnswers(it, '**/v1/event-subscriptions/test');
      await filter.fill('payload.total > 500');
      const other = page.getByRole('button', { name: 'Write it as a tree' });
      expect(await other.isDisabled()).toBe(true);
      release();
      await page.getByText('0 of the newest 4 events match').waitFor();
      await filter.fill('payload.total > 100');
      await page.getByText('1 of the newest 4 events matches').waitFor();
      await page.getByText('is unknown: there is nothing there').waitFor();
      await page.getByRole('button', { name: 'Write it as a tree', disabled: false }).press('Enter');
      expect(JSON.parse(await filter.inputValue())).toMatchObject({ op: 'gt' });
      await page.getByText('1 of the newest 4 events matches').waitFor();
      await page.getByRole('button', { name: 'Write it as text', disabled: false }).press('Enter');
      expect(await filter.inputValue()).toBe('payload.total > 100');
      await page.getByRole('checkbox', { name: 'api' }).press('Space');
      await page.getByLabel('Task type').selectOption('demo.echo');
      await expectAccessibleInBoth(page, 'new subscription');
      await page.getByRole('textbox', { name: 'Name', exact: true }).press('Enter');
      await page.getByRole('heading', { level: 1, name: hostileTexts[0]! }).waitFor();
      await page.getByText('No event has matched since it was made').waitFor();
      await page.getByText('The filter as it is kept').press('Enter');
      await page.getByRole('region', { name: 'Filter as a tree' }).waitFor();
      await post('/v1/events', { type: 'order.paid', payload: { total: 200 } });
      await processEvents();
      await page.reload();
      await page.getByRole('link', { name: 'task', exact: true }).waitFor();
      await expectAccessibleInBoth(page, 'subscription');
      await page.getByRole('button', { name: 'Pause' }).press('Enter');
      await page.getByRole('button', { name: 'Resume' }).waitFor();
      await page.getByRole('link', { name: 'Edit' }).press('Enter');
      expect(await page.getByLabel('What happens').isDisabled()).toBe(true);
      await page.getByRole('checkbox', { name: 'Act once for several events' }).press('Space');
      await page.getByLabel('For so many events').fill('20');
      await page.getByLabel('For so many events').press('Enter');
      await page.getByText('20, or 1 min').waitFor();
      await page.getByRole('button', { name: 'Delete' }).press('Enter');
      await pressInDialog(page, 'Delete');
      await page.getByText('No subscriptions yet').waitFor();
      expect(await page.evaluate('"hacked" in window')).toBe(false);
      expectQuiet(it);
    });

    it('from an endpoint to its subscription; the tester stands in the address; who may only look makes none', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go(`/endpoints/${its.data.endpoint}`);
      await page.getByRole('link', { name: 'Say which events go there' }).press('Enter');
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill('orders out');
      expect(await page.getByLabel('To', { exact: true }).inputValue()).toBe(its.data.endpoint);
      await page.getByRole('textbox', { name: 'Name', exact: true }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'orders out' }).waitFor();
      await page.getByText('every event').waitFor();

      const viewer = await signedIn({}, await newPerson('viewer'));
      await viewer.go('/subscriptions');
      await viewer.page.getByRole('link', { name: 'orders out' }).waitFor();
      expect(await viewer.page.getByRole('link', { name: 'New subscription' }).count()).toBe(0);
      await viewer.page.getByRole('link', { name: 'Filter tester' }).press('Enter');
      await viewer.page.getByLabel('Filter', { exact: true }).fill('type == "user.made"');
      await viewer.page.getByText('1 of the newest 5 events matches').waitFor();
      await viewer.page.waitForURL(/filter=type/);
      expect(await viewer.page.getByRole('link', { name: 'Make a subscription of it' }).count()).toBe(0);
      const { search } = new URL(viewer.page.url());
      await it.go(`/subscriptions/test${search}`);
      await page.getByText('1 of the newest 5 events matches').waitFor();
      await page.getByRole('link', { name: 'Make a subscription of it' }).press('Enter');
      // the page that is left has such a field too
      await page.getByRole('heading', { level: 1, name: 'New subscription' }).waitFor();
      expect(await page.getByLabel('Filter', { exact: true }).inputValue()).toBe('type == "user.made"');
      await expectPagesAccessible(it, [
        ['/subscriptions', 'orders out'],
        ['/subscriptions/test?names=order.*', 'its name fits none'],
      ]);
      expectQuiet(it);
      expectQuiet(viewer);
    });

    it('the volume shows what came and what went, in charts and in figures', async () => {
      const it = await signedIn();
      const { page } = it;
      const { body } = await its.plinth.call('GET', '/v1/event-subscriptions', { key: its.owner.key });
      for (const { id } of body['data'] as unknown as { id: string }[]) {
        await send('DELETE', `/v1/event-subscriptions/${id}`);
      }
      const target = { endpoint_id: its.data.endpoint };
      await post('/v1/event-subscriptions', { name: 'out', action: 'webhook', target });
      its.data.receiver.behave(answer(204));
      for (const n of [1, 2]) await post('/v1/events', { type: 'order.paid', payload: { n } });
      await processEvents();
      await it.go('/volume');
      await page.getByRole('img', { name: /^Deliveries: 2, 2 waiting\./ }).waitFor();
      await deliverDue(its.plinth.platform);
      its.data.receiver.behave(answer(410));
      await post('/v1/events', { type: 'order.lost' });
      await processEvents();
      await deliverDue(its.plinth.platform);
      await countEventHours(its.plinth.platform, its.owner.organizationId);
      await it.go('/volume');
      await page.getByRole('img', { name: /^Events: \d+\. api: lowest 0, highest \d+/ }).waitFor();
      await page
        .getByRole('img', { name: /^Deliveries: 3, 66.7 % delivered.*delivered: lowest 0, highest 2/ })
        .waitFor();
      const figures = page.getByRole('table', { name: 'Figures' });
      expect((await figures.getByRole('row').nth(1).innerText()).replace(/\s+/g, ' ')).toMatch(/ 2 1 0$/);
      await page.getByLabel('Events by', { exact: true }).selectOption('type');
      await figures.getByRole('columnheader', { name: 'order.paid' }).waitFor();
      await page.getByLabel('Time', { exact: true }).selectOption('month');
      await page.waitForURL(/by=type&period=month|period=month&by=type/);
      await figures.getByRole('columnheader', { name: 'Day (UTC)' }).waitFor();
      await expectPagesAccessible(it, [['/volume?by=type', 'Figures']]);
      await openPalette(page);
      await page.keyboard.type('success rate');
      await page.getByRole('button', { name: /Volume/ }).waitFor();
      expectQuiet(it);
    });
  },
);
