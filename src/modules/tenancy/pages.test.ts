import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { type ClockedPlinth, openPlinthOn } from '../../../tests/support/plinth.ts';

describeEngines('the sign-in pages', (on) => {
  let plinth: ClockedPlinth;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
  });
  afterAll(() => plinth.close());

  it.each(['/sign-in', '/welcome', '/invitation'])('%s runs and shows nothing but our own files', async (url) => {
    const page = await plinth.call('GET', url);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    // what the policy would block is not there: inline code and styles, handlers, other origins
    expect(page.text).not.toMatch(/<style|style=|\son\w+=|javascript:|(?:src|href)="(?:https?:)?\/\//);
    for (const [, src = ''] of page.text.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)) {
      const asset = await plinth.call('GET', src);
      expect(asset.status, src).toBe(200);
      expect(asset.headers['x-content-type-options']).toBe('nosniff');
    }
    expect(page.text).not.toMatch(/<script(?![^>]*src=)/);
  });

  it('label every field', async () => {
    for (const url of ['/sign-in', '/welcome', '/invitation']) {
      const { text } = await plinth.call('GET', url);
      const fields = [...text.matchAll(/<(?:input|select)[^>]*\sid="([^"]+)"/g)].map(([, id]) => id);
      expect(fields.length).toBeGreaterThan(2);
      for (const id of fields) expect(text).toContain(`<label for="${id}">`);
    }
  });

  it('open with a stale cookie too', async () => {
    expect((await plinth.call('GET', '/', { cookie: 'plinth_session=pls_stale' })).status).toBe(200);
  });
});
