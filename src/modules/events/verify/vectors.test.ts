import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signHmac, signLinear, signSlack } from '../sample.ts';
import { webhookScheme } from './index.ts';
import { check, codeOf, hmacSettings, now, samples, slackBody, text } from './testing.ts';

describe('github', () => {
  const secret = "It's a Secret to Everybody";
  const headers = {
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'x-github-event': 'issues',
    'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  };

  test('the published vector, with both keys', () => {
    expect(check('github', headers, 'Hello, World!', [secret])).toEqual({
      ok: true,
      deduplicationKey: 'github:72d3162e-cc78-11e3-81ab-4c9367dc0958',
      replayKey: 'sha256:dffd6021bb2bd5b0af676290809ec3a53191dd81c7f70a4b28688a362182986f',
      kind: 'issues',
      externalId: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    });
  });

  test('a captured body under another delivery id or kind keeps its replay key', () => {
    const again = check(
      'github',
      { ...headers, 'x-github-delivery': 'new', 'x-github-event': 'push' },
      'Hello, World!',
      [secret],
    );
    const first = check('github', headers, 'Hello, World!', [secret]);
    expect(again.ok && first.ok && again.replayKey === first.replayKey).toBe(true);
    expect(again.ok && first.ok && again.deduplicationKey !== first.deduplicationKey).toBe(true);
  });

  test('SHA-1 alone is refused', () => {
    const sha1 = `sha1=${createHmac('sha1', secret).update('Hello, World!').digest('hex')}`;
    const { 'x-hub-signature-256': _, ...rest } = headers;
    expect(codeOf(check('github', { ...rest, 'x-hub-signature': sha1 }, 'Hello, World!', [secret]))).toBe(
      'signature_missing',
    );
    expect(codeOf(check('github', { ...rest, 'x-hub-signature-256': sha1 }, 'Hello, World!', [secret]))).toBe(
      'signature_malformed',
    );
  });

  test('delivery id and kind are required, once, in a plain form', () => {
    const withHeader = (name: string, value: string | string[] | undefined) =>
      codeOf(check('github', { ...headers, [name]: value }, 'Hello, World!', [secret]));
    for (const name of ['x-github-delivery', 'x-github-event']) {
      expect(withHeader(name, undefined)).toBe('header_missing');
      expect(withHeader(name, ['a', 'b'])).toBe('header_repeated');
      expect(withHeader(name, 'a b')).toBe('header_invalid');
      expect(withHeader(name, 'x'.repeat(201))).toBe('header_invalid');
    }
    expect(withHeader('x-github-event', '../x')).toBe('header_invalid');
  });
});

describe('slack', () => {
  const secret = '8f742231b10e8888abcd99yyyzzz85a5';
  const at = new Date(1_531_420_618_000);
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar' +
    '&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
    '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
    '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };

  test('the published vector', () => {
    expect(check('slack', headers, body, [secret], at)).toMatchObject({
      ok: true,
      kind: 'slash_command',
      claimedAt: at,
    });
  });

  test('the tolerance ends after 300 seconds on both sides', () => {
    const after = (seconds: number) =>
      codeOf(check('slack', headers, body, [secret], new Date(at.getTime() + seconds * 1000)));
    expect([after(300), after(-300)]).toEqual(['ok', 'ok']);
    expect([after(301), after(-301)]).toEqual(['timestamp_out_of_tolerance', 'timestamp_out_of_tolerance']);
  });

  test('url_verification is answered with its challenge', () => {
    const hello = JSON.stringify({ type: 'url_verification', token: 'x', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY' });
    expect(check('slack', signSlack(hello, secret, { at }), hello, [secret], at)).toMatchObject({
      kind: 'url_verification',
      reply: { challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY' },
    });
  });

  test('an event is named by its inner type and keyed by its id, whatever the time of the retry', () => {
    for (const seconds of [0, 60]) {
      const later = new Date(at.getTime() + seconds * 1000);
      expect(check('slack', signSlack(slackBody, secret, { at: later }), slackBody, [secret], later)).toMatchObject({
        kind: 'app_mention',
        deduplicationKey: 'slack:Ev08MFMKH6',
      });
    }
  });

  test('an interaction is a form with one JSON field', () => {
    const form = `payload=${encodeURIComponent('{"type":"block_actions","trigger_id":"12"}')}`;
    const signed = {
      ...signSlack(form, secret, { at }),
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    };
    expect(check('slack', signed, form, [secret], at)).toMatchObject({ ok: true, kind: 'block_actions' });
  });
});

describe('linear', () => {
  const secret = 'lin_wh_0123456789abcdef';
  const code = (body: unknown, at = now) => {
    const sent = JSON.stringify(body);
    return codeOf(check('linear', signLinear(sent, secret), sent, [secret], at));
  };

  test('the time is taken from the signed body, in milliseconds', () => {
    expect(code({ webhookTimestamp: now.getTime() })).toBe('ok');
    expect(code({ webhookTimestamp: now.getTime() + 300_000 })).toBe('ok');
    expect(code({ webhookTimestamp: now.getTime() - 301_000 })).toBe('timestamp_out_of_tolerance');
    expect(code({ webhookTimestamp: now.getTime() + 301_000 })).toBe('timestamp_out_of_tolerance');
    expect(code({ webhookTimestamp: now.getTime() + 0.5 })).toBe('timestamp_invalid');
    expect(code({ webhookTimestamp: -1 })).toBe('timestamp_invalid');
    expect(code({ webhookTimestamp: 1e300 })).toBe('timestamp_invalid');
    expect(code({ webhookTimestamp: String(now.getTime()) })).toBe('timestamp_missing');
    expect(code([])).toBe('timestamp_missing');
  });

  test('kind from the body, id from the header, and the digest as a second key', () => {
    const { headers, body, secret: key } = samples.linear;
    expect(check('linear', headers, body, [key])).toMatchObject({
      kind: 'Issue',
      deduplicationKey: 'linear:d-1',
      replayKey: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      claimedAt: now,
    });
    expect(codeOf(check('linear', { ...headers, 'linear-delivery': undefined }, body, [key]))).toBe('header_missing');
  });
});

describe('hmac', () => {
  const body = 'payload bytes';
  test.each([
    { header: 'X-A', algorithm: 'sha256', encoding: 'hex' },
    { header: 'X-A', algorithm: 'sha256', encoding: 'base64', prefix: 'sha256=' },
    { header: 'X-A', algorithm: 'sha512', encoding: 'hex', id_header: 'X-Id', kind_header: 'X-Kind' },
  ] as const)('%j', (settings) => {
    const scheme = webhookScheme('hmac', settings);
    const headers = signHmac(body, text, settings, { deliveryId: 'd-1', kind: 'thing.made' });
    const result = scheme.verify({ headers, rawBody: Buffer.from(body), secrets: [Buffer.from(text)], now });
    const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
    expect(result).toEqual(
      'id_header' in settings
        ? { ok: true, deduplicationKey: 'hmac:d-1', replayKey: digest, kind: 'thing.made', externalId: 'd-1' }
        : { ok: true, deduplicationKey: digest, replayKey: null, kind: 'message', externalId: null },
    );
    const stripped = { 'x-a': headers['x-a'] };
    const without = scheme.verify({ headers: stripped, rawBody: Buffer.from(body), secrets: [Buffer.from(text)], now });
    expect(codeOf(without)).toBe('id_header' in settings ? 'header_missing' : 'ok');
  });

  test('settings that do not fit are refused with their places', () => {
    for (const settings of [
      undefined,
      {},
      { ...hmacSettings, algorithm: 'md5' },
      { ...hmacSettings, header: 'a b' },
      { ...hmacSettings, x: 1 },
    ]) {
      expect(() => webhookScheme('hmac', settings)).toThrowError(expect.objectContaining({ code: 'invalid_value' }));
    }
  });
});
