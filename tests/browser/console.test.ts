import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../support/engines.ts';
import {
  type ConsoleServer,
  chromiumPath,
  describePages,
  dialogOn,
  EMAIL,
  findingsInAllLooks,
  goByPalette,
  openConsole,
  PASSWORD,
} from './support.ts';

const pages = ['/', '/members', '/api-keys', '/api-keys?new', '/audit', '/settings', '/preferences', '/no-such-page'];
const hostile = '<img src=x onerror=alert(1)><script src="https://evil.example/x.js"></script>\u202etxt.exe';

describe.skipIf(!chromiumPath)(`the console in Chromium${chromiumPath ? '' : ' (no Chromium here)'}`, () => {
  describePages('the console', (on) => {
    let server: ConsoleServer;
    beforeAll(async () => {
      server = await openConsole((await on.open()).engine);
      const { token } = await server.api<{ token: string }>('POST', '/v1/invitations', {
        email: 'bob@example.org',
        role: 'member',
      });
      const joined = await fetch(`${server.url}/v1/invitations/accept`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token, full_name: hostile, password: PASSWORD }),
      });
      expect(joined.status).toBe(200);
    });
    afterAll(() => server.close());

    it('signs in by a one-time link, which is taken out of the address and works once', async () => {
      const { page, close, outside, faults } = await server.open();
      const link = await server.signInLink('bob@example.org');
      await page.goto(link);
      await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
      expect(page.url()).toBe(`${server.url}/`);
      await page.getByLabel('New password').fill('password');
      await page.getByRole('button', { name: 'Save and sign in' }).click();
      await page.getByText('it is among the first that anybody would try').waitFor();
      await page.getByLabel('New password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Save and sign in' }).click();
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
      expect(new URL(page.url()).pathname).toBe(`/o/${server.slug}/`);
      await page.getByRole('button', { name: 'You' }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();

      await page.goto(link);
      await page.getByLabel('New password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Save and sign in' }).click();
      await page.getByRole('alert').waitFor();
      expect({ outside, faults }).toEqual({ outside: [], faults: [] });
      await close();
    });

    it('says what is wrong with a sign-in, and with which request', async () => {
      const { page, close } = await server.open();
      await page.goto(server.url);
      await page.getByLabel('E-mail').fill('ada@example.org');
      await page.getByLabel('Password').first().fill('not the password');
      await page.keyboard.press('Enter');
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.textContent()).toMatch(/Request [0-9a-f-]{36}/);
      await close();
    });

    it('goes from the sign-in to a new key by the keyboard alone; the key is seen once', async () => {
      const { page, close } = await server.open({ permissions: ['clipboard-read', 'clipboard-write'] });
      await page.goto(`${server.url}/o/${server.slug}/members`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await page.keyboard.type('ada@example.org');
      await page.keyboard.press('Tab');
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      // the page that was asked for, not the first one
      await page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
      await goByPalette(page, 'create key', 'API keys');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await dialogOn(page, 'New API key');
      await page.keyboard.type('from the keyboard');
      await page.keyboard.press('Enter');
      const shown = page.getByRole('region', { name: 'API key' });
      await shown.waitFor();
      const key = (await shown.textContent()) ?? '';
      expect(key).toMatch(/^plk_[0-9A-Za-z]{22}_[0-9A-Za-z]{33}$/);
      const me = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
      expect(me.status).toBe(200);

      await page.getByRole('button', { name: 'I have it' }).press('Enter');
      await shown.waitFor({ state: 'detached' });
      expect(await page.content()).not.toContain(key);
      await page.reload();
      await page.getByRole('row', { name: /from the keyboard/ }).waitFor();
      expect(await page.content()).not.toContain(key);
      await close();
    });

    it('revokes a key', async () => {
      const { key } = await server.api<{ key: string }>('POST', '/v1/api-keys', { name: 'to be revoked' });
      const { page, signIn, go, close } = await server.open();
      await signIn();
      await go('/api-keys');
      await page.getByRole('button', { name: 'Actions for to be revoked' }).click();
      await page.getByRole('menuitem', { name: 'Revoke' }).click();
      await page.getByRole('button', { name: 'Revoke', exact: true }).click();
      // its name has the word too
      await page
        .getByRole('row', { name: /to be revoked/ })
        .getByText('revoked', { exact: true })
        .waitFor();
      const me = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
      expect(me.status).toBe(401);
      await close();
    });

    it('axe finds nothing serious on any page, nor does a page ask elsewhere', async () => {
      const { page, signIn, go, outside, faults, close } = await server.open();
      await page.goto(server.url, { waitUntil: 'networkidle' });
      const found = await findingsInAllLooks(page, 'sign-in');
      await signIn();
      for (const path of pages) {
        await go(path);
        Object.assign(found, await findingsInAllLooks(page, path));
      }
      await page.goto(`${server.url}/choose`, { waitUntil: 'networkidle' });
      Object.assign(found, await findingsInAllLooks(page, '/choose'));
      expect(found).toEqual({});
      expect({ outside, faults }).toEqual({ outside: [], faults: [] });
      await close();
    });

    it('a deep link and a reload show the same, with its filter and the open entry', async () => {
      const { page, signIn, go, close } = await server.open();
      await signIn();
      await go('/audit?resource_type=organizations');
      await page.getByRole('button', { name: 'insert organizations' }).click();
      const dialog = page.getByRole('dialog', { name: 'insert organizations' });
      await dialog.waitFor();
      await page.reload();
      await dialog.waitFor();
      await dialog.getByText('"Acme"', { exact: true }).waitFor();
      expect(await page.getByLabel('Table', { exact: true }).inputValue()).toBe('organizations');
      await close();
    });

    it('text from outside stays text', async () => {
      const { page, signIn, go, outside, faults, close } = await server.open();
      await signIn();
      await go('/members');
      await page.getByText('<img src=x onerror=alert(1)>').waitFor();
      expect(await page.locator('img, iframe, script[src*="evil"]').count()).toBe(0);
      expect({ outside, faults }).toEqual({ outside: [], faults: [] });
      await close();
    });

    it('an organization is deleted only after its slug was typed, and recovered', async () => {
      const { page, signIn, close } = await server.open();
      await signIn();
      await page.goto(`${server.url}/choose`);
      await page.getByLabel('New organization').fill('Short lived');
      await page.getByRole('button', { name: 'Make it' }).click();
      await page.waitForURL(/\/o\/short-lived\//);
      await page.goto(`${server.url}/o/short-lived/settings`);
      await page.getByRole('button', { name: 'Delete …' }).click();
      const confirm = page.getByRole('button', { name: 'Delete the organization' });
      expect(await confirm.isDisabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Type short-lived to confirm' }).fill('short-lived');
      await confirm.click();
      await page.waitForURL(/\/choose$/);
      await page.getByRole('button', { name: 'Recover' }).click();
      await page.getByRole('button', { name: 'Short lived' }).waitFor();
      await close();
    });
  });
});

describe.skipIf(!chromiumPath)('the server of the console', () => {
  describeEngines('what it answers', (on) => {
    let server: ConsoleServer;
    beforeAll(async () => {
      server = await openConsole((await on.open()).engine);
    });
    afterAll(() => server.close());
    const get = (path: string, accept: string) => fetch(server.url + path, { headers: { accept } });

    it('the page for deep links a browser opens, problems for programs and below the API', async () => {
      for (const path of ['/', '/o/acme/anything/at/all?x=1']) {
        const page = await get(path, 'text/html');
        expect(page.status).toBe(200);
        const policy = page.headers.get('content-security-policy') ?? '';
        const html = await page.text();
        const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
        expect(nonce).toHaveLength(24);
        expect(html).toContain(nonce);
        expect(policy).toContain("script-src 'self';");
        expect(policy).not.toMatch(/unsafe|\*|https?:/);
        expect(html).not.toMatch(/<script(?![^>]*src=)/);
        expect(page.headers.get('cache-control')).toBe('no-store');
      }
      for (const [path, accept] of [
        ['/o/acme/anything', 'application/json'],
        ['/v1/nothing', 'text/html'],
        ['/static/nothing.js', 'text/html'],
      ] as const) {
        const answer = await get(path, accept);
        expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
          path,
          404,
          'application/problem+json',
        ]);
      }
    });

    it('hashed files for a year, small where the browser can', async () => {
      const html = await (await get('/', 'text/html')).text();
      const files = [...html.matchAll(/(?:src|href)="(\/static\/[^"]+)"/g)].map(([, file = '']) => file);
      expect(files.length).toBeGreaterThan(1);
      for (const file of files) {
        const answer = await fetch(server.url + file, { headers: { 'accept-encoding': 'gzip' } });
        expect(answer.headers.get('cache-control')).toContain('immutable');
        expect(answer.headers.get('content-encoding')).toBe('gzip');
        expect((await answer.text()).length).toBeGreaterThan(1_000);
      }
    });

    it('nothing but the bundler\u2019s files', async () => {
      for (const path of [
        '/static/..%2findex.html',
        '/static/%2e%2e%2f%2e%2e%2fpackage.json',
        '/static/.js',
        '/static/a%00.js',
      ])
        expect([path, (await get(path, '*/*')).status]).toEqual([path, 404]);
    });
  });
});

describe.skipIf(!chromiumPath)('the console elsewhere', () => {
  describeEngines(
    'the console below a path of a host',
    (on) => {
      it('loads, signs in, goes about and signs out, all below it', async () => {
        const server = await openConsole((await on.open()).engine, '/plinth');
        const { page, outside, faults } = await server.open();
        const pathNow = () => new URL(page.url()).pathname;
        await page.goto(`${server.url}/o/acme/members`);
        await page.getByLabel('E-mail').fill(EMAIL);
        await page.getByLabel('Password').first().fill(PASSWORD);
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
        await page.getByRole('link', { name: 'API keys' }).click();
        await page.getByRole('heading', { level: 1, name: 'API keys' }).waitFor();
        expect(pathNow()).toBe('/plinth/o/acme/api-keys');
        await page.goto(`${server.url}/`);
        await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
        expect(pathNow()).toBe('/plinth/o/acme/');
        await page.getByRole('button', { name: 'You' }).click();
        expect(await page.getByRole('menuitem', { name: 'API reference' }).getAttribute('href')).toBe('/plinth/docs');
        await page.getByRole('menuitem', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        expect(pathNow()).toBe('/plinth/');
        // everything that was asked for began with /plinth/
        expect({ outside, faults }).toEqual({ outside: [], faults: [] });
        await server.close();
      });
    },
    { only: ['pglite'] },
  );
});
