import { expect, it } from 'vitest';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import { expectQuiet, findingsInAllLooks, pressInDialog } from './support.ts';
import { demoTasks } from './work-data.ts';

describeSignedIn(
  'the pages of event types',
  { extraModules: [demoTasks] },
  ({ signedIn, newPerson, send, processEvents }) => {
    it('a type is made with a schema, an event that breaks it is found there, and retried when it is mended', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/event-types');
      await page.getByLabel('Name').fill('pull_request');
      await page.getByRole('link', { name: 'pull_request', exact: true }).waitFor();
      expect(await findingsInAllLooks(page, 'event types')).toEqual({});
      await page.getByRole('link', { name: 'pull_request', exact: true }).press('Enter');
      await page.getByText("The sender's action stands behind it").waitFor();
      expect(await findingsInAllLooks(page, 'event type known')).toEqual({});
      expect(it.complaints.splice(0).every((one) => one.includes('404'))).toBe(true);

      await it.go('/event-types/new');
      await page.getByLabel('Name').fill('order.paid');
      await page.getByLabel('Schema of the payload').fill('{ "type": ');
      await page.getByLabel('Name').press('Enter');
      await page.getByText('This is not JSON').waitFor();
      await page.getByLabel('Schema of the payload').fill('{ "type": "objec" }');
      await page.getByLabel('Name').press('Enter');
      await page.getByRole('alert').waitFor();
      const schema = { type: 'object', required: ['total'], properties: { total: { type: 'integer' } } };
      await page.getByLabel('Schema of the payload').fill(JSON.stringify(schema));
      await page.getByLabel('Kept for so many days').fill('30');
      await page.getByLabel('Description').fill(hostileTexts[1] as string);
      expect(await findingsInAllLooks(page, 'event type new')).toEqual({});
      await page.getByLabel('Name').press('Enter');
      await page.getByRole('heading', { level: 1, name: 'order.paid' }).waitFor();
      await page.getByText('30 days').waitFor();
      await page.getByText('No event of this type has failed').waitFor();
      expect(it.complaints.splice(0).every((one) => /404|422/.test(one))).toBe(true);

      await send('POST', '/v1/events', { type: 'order.paid', title: 'Order 7', payload: { total: 'seven' } });
      await processEvents();
      await it.go('/event-types/api/order.paid');
      await page.getByRole('region', { name: 'Events that failed' }).getByRole('link', { name: 'Order 7' }).waitFor();
      expect(await findingsInAllLooks(page, 'event type')).toEqual({});
      await page.getByRole('link', { name: 'Edit' }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Change the event type' }).waitFor();
      expect(await page.getByLabel('Name').isDisabled()).toBe(true);
      await page.getByLabel('Schema of the payload').fill('');
      await page.getByRole('button', { name: 'Save' }).press('Enter');
      await page.getByText('none: any payload').waitFor();
      await page.getByRole('link', { name: 'Order 7' }).press('Enter');
      await page.getByRole('button', { name: 'Retry event' }).press('Enter');
      await page.getByText('The event is matched again').waitFor();
      await processEvents();
      await page.getByText('skipped', { exact: true }).waitFor();

      // one that is there is not set to something else by the form of a new one
      await it.go('/event-types/new?source=api&name=order.paid');
      await page.getByRole('button', { name: 'Make the type' }).press('Enter');
      await page.getByRole('alert').getByText('There is a type of this name').waitFor();
      const viewer = await signedIn({}, await newPerson('viewer'));
      await viewer.go('/event-types/api/order.paid');
      await viewer.page.getByText('none: any payload').waitFor();
      expect(await viewer.page.getByRole('button', { name: 'Delete' }).count()).toBe(0);
      expect(await viewer.page.getByRole('link', { name: 'Edit' }).count()).toBe(0);
      await it.go('/event-types/api/order.paid');
      await page.getByRole('button', { name: 'Delete' }).press('Enter');
      await pressInDialog(page, 'Delete');
      await page.getByRole('heading', { level: 1, name: 'Event types' }).waitFor();
      await it.go('/event-types/api/order.paid');
      await page.getByText('There is no such event type').waitFor();
      expect(it.complaints.splice(0).every((one) => one.includes('404'))).toBe(true);
      expectQuiet(it);
    }, 90_000);
  },
);
