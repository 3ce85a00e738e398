import { afterAll, expect, it } from 'vitest';
import { answer, startReceiver } from '../../src/modules/deliveries/deliveries.fixture.ts';
import { deliverDue } from '../../src/modules/deliveries/send.ts';
import { outbound } from '../../src/platform/net/index.ts';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import {
  chooseItem,
  expectAccessibleInBoth,
  expectPagesAccessible,
  expectQuiet,
  openPalette,
  pressInDialog,
} from './support.ts';

describeSignedIn(
  'the pages of endpoints and deliveries',
  {
    plinth: { net: outbound({ allowLoopback: true }) },
    prepare: async ({ plinth }) => ({ receiver: await startReceiver(plinth.clock) }),
  },
  (its) => {
    const { signedIn, newPerson, post, processEvents } = its;
    afterAll(() => its.data?.receiver.close());
    const deliver = () => deliverDue(its.plinth.platform);
    const send = async (type: string, payload: unknown = {}) => {
      await post('/v1/events', { type, payload });
      await processEvents();
      await deliver();
    };

    it('an endpoint is made with its secret shown once, tried, rotated, switched off and on, by keyboard', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/endpoints');
      await page.getByText('No endpoints yet').waitFor();
      await page.getByRole('link', { name: 'New endpoint' }).first().press('Enter');
      await page.getByRole('heading', { level: 1, name: 'New endpoint' }).waitFor();
      await page.getByLabel('URL').fill('http://10.0.0.1/hooks');
      await page.getByLabel('Headers').fill('no header');
      await page.getByLabel('URL').press('Enter');
      await page.getByText('Each line is a name, a colon and a value').waitFor();
      await page.getByLabel('Headers').fill('X-Team: tell-nobody');
      await page.getByLabel('URL').press('Enter');
      await page.getByRole('alert').waitFor();
      expect(it.complaints.splice(0)).toEqual([expect.stringMatching(/422/)]);
      await page.getByLabel('URL').fill(`${its.data.receiver.url}/in`);
      await page.getByLabel('Description').fill(hostileTexts[1]!);
      await page.getByLabel('Tried again after').fill('5, 60');
      await expectAccessibleInBoth(page, 'new endpoint');
      await page.getByLabel('URL').press('Enter');
      const secret = page.getByRole('region', { name: 'Signing secret' });
      await secret.waitFor();
      expect(await secret.innerText()).toMatch(/^whsec_/);
      await expectAccessibleInBoth(page, 'endpoint secret');
      await pressInDialog(page, 'I have it');
      await page.getByRole('heading', { level: 1, name: `${its.data.receiver.url}/in` }).waitFor();
      expect(await page.getByRole('main').innerText()).not.toContain('tell-nobody');
      await page.getByText('x-team').waitFor();
      await page.getByText('5.0 s, 1 min').waitFor();

      its.data.receiver.behave(answer(200, {}, hostileTexts.join('\n')));
      await page.getByRole('button', { name: 'Send a test event' }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'plinth.endpoint.test' }).waitFor();
      await page.getByText('No attempt yet').waitFor();
      await deliver();
      const excerpt = page.getByRole('region', { name: 'Answer to attempt 1' });
      await excerpt.waitFor();
      expect(await excerpt.innerText()).toContain('<script>');
      await expectAccessibleInBoth(page, 'test delivery');
      await page.getByRole('link', { name: `${its.data.receiver.url}/in` }).press('Enter');
      await page.getByRole('row', { name: /plinth\.endpoint\.test \(test\)/ }).waitFor();

      const more = async (item: string) => {
        await page.getByRole('button', { name: 'More' }).press('Enter');
        await chooseItem(page, item);
      };
      await more('Rotate the secret');
      await page.getByLabel('The old secret signs too').selectOption('168');
      await pressInDialog(page, 'Rotate');
      await secret.waitFor();
      await pressInDialog(page, 'I have it');
      await page.getByText('the old secret signs until').waitFor();
      await more('Disable');
      await pressInDialog(page, 'Disable');
      await page.getByText('switched off by hand').waitFor();
      await expectAccessibleInBoth(page, 'endpoint off');
      await page.getByRole('button', { name: 'Enable', disabled: false }).press('Enter');
      await page.getByText('deliveries are sent').waitFor();
      await page.getByRole('link', { name: 'Edit' }).press('Enter');
      await page.getByLabel('Rate', { exact: true }).fill('7');
      await page.getByLabel('Rate', { exact: true }).press('Enter');
      await page.getByText('7 a second').waitFor();
      expect(await page.evaluate('"hacked" in window')).toBe(false);
      expectQuiet(it);
    });

    it('the log finds what failed, says why, and sends it again; an endpoint recovers', async () => {
      const { id } = await post('/v1/event-endpoints', {
        url: `${its.data.receiver.url}/down`,
        description: 'down',
        retry_schedule_seconds: [],
      });
      const target = { endpoint_id: id };
      await post('/v1/event-subscriptions', { name: 'out', action: 'webhook', names: ['order.*'], target });
      its.data.receiver.behave(answer(503, { 'content-type': 'text/html' }, '<b>down</b>'));
      for (const n of [1, 2, 3]) await send('order.paid', { n });
      const it = await signedIn();
      const { page } = it;
      await it.go('/endpoints');
      const row = page.getByRole('row', { name: /\/down/ });
      await row.getByText('failing').waitFor();
      await row.getByText('0 % of 3').waitFor();
      await expectAccessibleInBoth(page, 'endpoints');
      await it.go('/deliveries');
      await page.getByLabel('Status', { exact: true }).selectOption('dead');
      await page.getByLabel('Made', { exact: true }).selectOption('day');
      await page.waitForURL(({ searchParams: asked }) => asked.get('status') === 'dead' && asked.get('time') === 'day');
      await page.getByText('3 rows').waitFor();
      await expectAccessibleInBoth(page, 'deliveries');
      await page.getByRole('link', { name: 'order.paid' }).first().press('Enter');
      await page.getByRole('region', { name: 'Answer to attempt 1' }).getByText('<b>down</b>').waitFor();
      await page.getByText('answered_5xx').first().waitFor();
      its.data.receiver.behave(answer(204));
      await page.getByRole('button', { name: 'Send again' }).press('Enter');
      await page.getByText('The delivery is sent again').waitFor();
      await deliver();
      await page.getByRole('status').getByText('delivered').waitFor();
      await expectAccessibleInBoth(page, 'delivery');
      expect(await page.getByRole('region', { name: 'Attempts' }).getByRole('row').count()).toBe(4);

      await it.go('/deliveries?status=dead');
      await page.getByText('2 rows').waitFor();
      await page
        .getByRole('checkbox', { name: /^Choose order\.paid/ })
        .first()
        .press('Space');
      await page.getByRole('button', { name: 'Send chosen again' }).press('Enter');
      await pressInDialog(page, 'Send again');
      await page.getByText('1 sent again').waitFor();
      await page.getByText('1 row', { exact: true }).waitFor();
      await it.go(`/endpoints/${id}`);
      await page.getByRole('button', { name: 'Recover' }).press('Enter');
      await page.getByText('1 delivery died in that time').waitFor();
      await expectAccessibleInBoth(page, 'recover');
      await pressInDialog(page, 'Send 1 again');
      await page.getByText('1 delivery sent again').waitFor();
      await deliver();
      await expect.poll(async () => await page.getByRole('row', { name: /order\.paid delivered/ }).count()).toBe(3);
      await page.getByRole('button', { name: 'More' }).press('Enter');
      await chooseItem(page, 'Delete');
      await pressInDialog(page, 'Delete');
      await page.getByRole('heading', { level: 1, name: 'Endpoints' }).waitFor();
      await expect.poll(async () => await page.getByRole('row', { name: /\/down/ }).count()).toBe(0);
      await it.go('/deliveries?type=nothing.at.all');
      await page.getByText('No delivery matches').waitFor();
      await it.go('/deliveries/00000000-0000-7000-8000-000000000000');
      await page.getByText('There is no such delivery').waitFor();
      expect(it.complaints.splice(0).every((one) => /404/.test(one))).toBe(true);
      expectQuiet(it);
    });

    it('who may only look is offered nothing, on a telephone too; the palette finds the pages', async () => {
      const it = await signedIn({ width: 390 }, await newPerson('viewer'));
      const { page } = it;
      await it.go('/endpoints');
      await page.getByRole('link', { name: `${its.data.receiver.url}/in` }).press('Enter');
      await page.getByRole('heading', { name: 'Health' }).waitFor();
      expect(
        await page
          .getByRole('main')
          .getByRole('button', { name: /test|Recover|More|Enable/ })
          .count(),
      ).toBe(0);
      expect(await page.getByRole('link', { name: 'Edit' }).count()).toBe(0);
      await it.go('/deliveries');
      await page
        .getByRole('link', { name: /order\.paid/ })
        .first()
        .waitFor();
      expect(await page.getByRole('checkbox').count()).toBe(0);
      await openPalette(page);
      await page.keyboard.type('delivery log');
      await page.getByRole('button', { name: /Deliveries/ }).waitFor();
      await page.keyboard.press('Escape');
      await expectPagesAccessible(it, [
        ['/endpoints', '/in'],
        ['/deliveries', 'order.paid'],
      ]);
      expectQuiet(it);
    });
  },
);
