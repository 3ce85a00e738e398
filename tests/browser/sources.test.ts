import { expect, it } from 'vitest';
import { signGithub } from '../../src/modules/events/sample.ts';
import { text } from '../support/plinth.ts';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import { chooseItem, expectAccessibleInBoth, expectQuiet, findingsInAllLooks, pressInDialog } from './support.ts';
import { demoTasks } from './work-data.ts';

describeSignedIn('the pages of event sources', { extraModules: [demoTasks] }, (its) => {
  const { signedIn, newPerson, send, processEvents } = its;
  /** Posts a body to an address as it was shown. */
  const post = (address: string, body: string, headers: Record<string, string>) =>
    its.plinth.app.inject({
      method: 'POST',
      url: new URL(address).pathname,
      headers: { host: 'localhost:4600', ...headers },
      payload: body,
    });

  it('a source is made, tested, seen refusing, given a new secret, paused and deleted, by keyboard', async () => {
    const it = await signedIn();
    const { page } = it;
    await it.go('/event-sources');
    await page.getByText('No event sources yet').waitFor();
    expect(await findingsInAllLooks(page, 'sources empty')).toEqual({});
    await page.getByRole('link', { name: 'New source' }).first().press('Enter');
    await page.getByRole('heading', { level: 1, name: 'New event source' }).waitFor();
    await page.getByRole('radio', { name: 'GitHub' }).press('ArrowDown');
    await page.getByText('Slack makes it').waitFor();
    expect(await findingsInAllLooks(page, 'source new')).toEqual({});
    await page.getByRole('radio', { name: 'GitHub' }).press(' ');
    await page.getByLabel('Name').fill('Shop <b>');
    await page.getByLabel('Secret').fill('short');
    await page.getByLabel('Name').press('Enter');
    await page.getByRole('alert').waitFor();
    expect(it.complaints.splice(0)).toEqual([expect.stringMatching(/4\d\d/)]);
    await page.getByLabel('Secret').fill('');
    await page.getByLabel('Name').press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Your new source' });
    const shown = async (name: string) => (await dialog.getByRole('region', { name }).innerText()).trim();
    await dialog.waitFor();
    const [address, secret] = [await shown('Address'), await shown('Secret')];
    expect(address).toMatch(/^http:\/\/localhost:4600\/hooks\/\S{30,}$/);
    await expectAccessibleInBoth(page, 'source shown once');
    await pressInDialog(page, 'I have it');
    await page.getByRole('heading', { level: 1, name: 'Shop <b>' }).waitFor();
    await page.getByText('Nothing was received yet.').waitFor();
    expect(await page.content()).not.toContain(secret);

    // a test event, and its journey
    await page.getByRole('button', { name: 'Send a test event' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: /^(ping|A test event, sent from Plinth)$/ }).waitFor();
    await page.getByText('By the source Shop <b>').waitFor();
    await processEvents();
    await page.getByText('Skipped: no subscription wanted it').waitFor();
    await page.getByRole('radio', { name: 'Payload' }).press('ArrowRight');
    await page.getByText('"specversion": "1.0"').waitFor();
    expect(new URL(page.url()).search).toBe('?as=cloudevent');
    expect(await findingsInAllLooks(page, 'event of source')).toEqual({});
    await page.getByRole('link', { name: 'Shop <b>' }).press('Enter');

    // what its sender posts, and what is not signed right
    const body = JSON.stringify({ zen: hostileTexts[0], number: 1 });
    expect((await post(address, body, signGithub(body, secret, { kind: 'ping' }))).statusCode).toBe(200);
    expect((await post(address, body, signGithub(body, 'not the secret', { kind: 'ping' }))).statusCode).toBe(401);
    await page.getByText('signed with another secret').waitFor();
    await page.getByText('Last received:').waitFor();
    await expect
      .poll(() => page.getByRole('table', { name: 'Events of this source' }).getByRole('row').count())
      .toBe(3);
    expect(await findingsInAllLooks(page, 'source')).toEqual({});

    const menu = async (name: string) => {
      await page.getByRole('button', { name: 'Change' }).press('Enter');
      await chooseItem(page, name);
    };
    await menu('New secret');
    await page.getByLabel('The old secret is accepted').selectOption('24');
    await expectAccessibleInBoth(page, 'source rotate');
    await pressInDialog(page, 'Rotate');
    const renewed = page.getByRole('dialog', { name: 'The new secret' });
    const second = (await renewed.getByRole('region', { name: 'Secret' }).innerText()).trim();
    await pressInDialog(page, 'I have it');
    await page.getByText('accepted until').waitFor();
    for (const [number, one] of [secret, second].entries()) {
      const next = JSON.stringify({ zen: 'again', number });
      expect((await post(address, next, signGithub(next, one, { kind: 'ping' }))).statusCode).toBe(200);
    }
    await menu('Rename');
    await page.getByRole('textbox', { name: 'Name' }).fill('Shop');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Shop', exact: true }).waitFor();
    await menu('Pause');
    await pressInDialog(page, 'Pause');
    await page.getByText('paused', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Send a test event' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Resume', disabled: false }).press('Enter');
    await page.getByRole('button', { name: 'Send a test event' }).waitFor();

    const viewer = await signedIn({ width: 400 }, await newPerson('viewer'));
    await viewer.go('/event-sources');
    expect(await viewer.page.getByRole('link', { name: 'New source' }).count()).toBe(0);
    await viewer.page.getByRole('link', { name: 'Shop', exact: true }).press('Enter');
    await viewer.page.getByRole('heading', { level: 1, name: 'Shop' }).waitFor();
    expect(await viewer.page.getByRole('button', { name: /test event|Change|Resume/ }).count()).toBe(0);
    await viewer.go('/event-sources/new');
    await viewer.page.getByText('Only an administrator').waitFor();

    await menu('Delete');
    await page.getByRole('dialog').getByRole('textbox').fill('Shop');
    await page.keyboard.press('Enter');
    await page.getByText('No event sources yet').waitFor();
    expect((await post(address, body, signGithub(body, second, { kind: 'ping' }))).statusCode).toBe(404);
    expectQuiet(it);
    expectQuiet(viewer);
  }, 90_000);

  it('a sender of one’s own is described by its headers', async () => {
    const it = await signedIn();
    const { page } = it;
    await it.go('/event-sources/new');
    await page.getByRole('radio', { name: /Another sender/ }).press(' ');
    await page.getByLabel('Header of the signature').fill('X Sum');
    await page.getByLabel('Name').fill('Till');
    await page.getByLabel('Name').press('Enter');
    await page.getByRole('alert').waitFor();
    expect(it.complaints.splice(0)).toEqual([expect.stringMatching(/4\d\d/)]);
    await page.getByLabel('Header of the signature').fill('X-Sum');
    await page.getByLabel('Prefix').fill('sha512=');
    await page.getByLabel('Algorithm').selectOption('sha512');
    await page.getByLabel('Header of the type').fill('X-Kind');
    await expectAccessibleInBoth(page, 'source hmac');
    await page.getByLabel('Name').press('Enter');
    await pressInDialog(page, 'I have it');
    await page.getByText('sha512=', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Send a test event' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'plinth.test' }).waitFor();
    expectQuiet(it);
  });

  it('a source of a stranger’s id, and one that can not be read, say so', async () => {
    const it = await signedIn();
    const { page, context } = it;
    await it.go('/event-sources/01900000-0000-7000-8000-000000000000');
    await page.getByText('There is no such event source').waitFor();
    await context.route('**/v1/event-sources?*', (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: 'This is not allowed', code: 'forbidden', status: 403 }),
      }),
    );
    await it.go('/event-sources');
    await page.getByText('This is not allowed').waitFor();
    await context.unroute('**/v1/event-sources?*');
    await page.getByRole('button', { name: 'Try again' }).press('Enter');
    await page.getByRole('link', { name: 'Till' }).waitFor();
  });

  it('hostile names are text', async () => {
    const it = await signedIn();
    const { page } = it;
    const ids: string[] = [];
    for (const name of hostileTexts.filter((one) => !/\p{Cc}/u.test(one) && one.length <= 200)) {
      const made = await send('POST', '/v1/event-sources', { name, scheme: 'github' });
      ids.push(text(made['id']));
    }
    for (const path of ['/event-sources', ...ids.slice(0, 4).map((id) => `/event-sources/${id}`)]) {
      await it.go(path);
      await page.getByRole(path === '/event-sources' ? 'table' : 'region', { name: /Event sources|Health/ }).waitFor();
      expect(await page.evaluate('"hacked" in window')).toBe(false);
      expect(await page.locator('main img, main iframe, main script').count()).toBe(0);
    }
    expectQuiet(it);
  });
});
