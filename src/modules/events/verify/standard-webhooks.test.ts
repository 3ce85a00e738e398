import { createHmac, createPrivateKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signStandardWebhooks, signStandardWebhooksAsymmetric } from '../sample.ts';
import { webhookScheme } from './index.ts';
import type { WebhookHeaders } from './scheme.ts';
import { check, codeOf, flipBit, now, samples, whsec } from './testing.ts';

describe('standard_webhooks', () => {
  const body = '{"test": 2432232314}';
  const key = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const published = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': published,
  };
  const code = (changed: WebhookHeaders, secrets = [whsec], at = now) =>
    codeOf(check('standard_webhooks', { ...headers, ...changed }, body, secrets, at));
  const signedAt = (seconds: number) =>
    signStandardWebhooks(body, whsec, { at: new Date(now.getTime() + seconds * 1000) });
  const noise = 'Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=';

  // The cases of the reference library's webhook.test.ts, by their names there.
  test.each([
    ['empty key raises error', {}, [''], 'webhook_secret_missing'],
    ['missing id raises error', { 'webhook-id': undefined }, [whsec], 'header_missing'],
    ['missing timestamp raises error', { 'webhook-timestamp': undefined }, [whsec], 'timestamp_missing'],
    ['invalid timestamp throws error', { 'webhook-timestamp': 'hello' }, [whsec], 'timestamp_invalid'],
    ['missing signature raises error', { 'webhook-signature': undefined }, [whsec], 'signature_missing'],
    [
      'invalid signature throws error',
      { 'webhook-signature': 'v1,dawfeoifkpqwoekfpqoekf' },
      [whsec],
      'signature_mismatch',
    ],
    ['partial signature throws error', { 'webhook-signature': published.slice(0, 8) }, [whsec], 'signature_mismatch'],
    ['partial signature throws error (empty)', { 'webhook-signature': 'v1,' }, [whsec], 'signature_mismatch'],
    ['valid signature is valid', {}, [whsec], 'ok'],
    ['valid unbranded signature is valid', headers, [whsec], 'ok'],
    ['old timestamp fails', signedAt(-301), [whsec], 'timestamp_out_of_tolerance'],
    ['new timestamp fails', signedAt(301), [whsec], 'timestamp_out_of_tolerance'],
    [
      'multi sig payload is valid',
      { 'webhook-signature': `v1,${noise} v2,${noise} ${published} v1,${noise}` },
      [whsec],
      'ok',
    ],
    ['verification works without the secret prefix', {}, [key], 'ok'],
    ['verification works with the secret prefix', {}, [`whsec_${key}`], 'ok'],
  ] as const)('%s', (_name, changed, secrets, expected) => {
    expect(code(changed, [...secrets])).toBe(expected);
  });

  test('sign function works: our samples sign like the published vector', () => {
    const signed = signStandardWebhooks(body, whsec, { at: now, id: headers['webhook-id'] });
    expect(signed['webhook-signature']).toBe(published);
  });

  test('the tolerance ends after 300 seconds on both sides', () => {
    expect(code(signedAt(-300))).toBe('ok');
    expect(code(signedAt(300))).toBe('ok');
  });

  test('what the reference library lets pass: a timestamp with letters behind it', () => {
    const id = 'msg_1';
    for (const timestamp of [
      '1614265330abc',
      ' 1614265330',
      '1614265330.0',
      '+1614265330',
      '0x603798b2',
      '1.6e9',
      '01614265330',
    ]) {
      const signature = createHmac('sha256', Buffer.from(key, 'base64'))
        .update(`${id}.${timestamp}.${body}`)
        .digest('base64');
      const changed = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
      expect(code(changed)).toBe('timestamp_invalid');
    }
  });

  test('an id with a full stop is refused: it would move the border between id, time and body', () => {
    expect(code(signStandardWebhooks(body, whsec, { at: now, id: 'msg.1' }))).toBe('header_invalid');
  });

  test('a header of another version only is malformed, and only the first ten signatures are tried', () => {
    expect(code({ 'webhook-signature': `v2,${noise}` })).toBe('signature_malformed');
    const nine = Array(9).fill(`v1,${noise}`).join(' ');
    expect(code({ 'webhook-signature': `${nine} ${published}` })).toBe('ok');
    expect(code({ 'webhook-signature': `${nine} v1,${noise} ${published}` })).toBe('signature_mismatch');
  });

  test('the type of the body is the kind, its id the key', () => {
    const result = check('standard_webhooks', samples.standard_webhooks.headers, samples.standard_webhooks.body, [
      whsec,
    ]);
    expect(result).toMatchObject({
      kind: 'invoice.paid',
      deduplicationKey: 'standard_webhooks:msg_1',
      replayKey: null,
      claimedAt: now,
      payload: { rawText: samples.standard_webhooks.body },
    });
    expect(check('standard_webhooks', headers, body, [whsec])).toMatchObject({ kind: 'message' });
  });

  test('an authentic body that is not JSON throws the error of the payload', () => {
    const signed = signStandardWebhooks('hello', whsec, { at: now });
    expect(() => check('standard_webhooks', signed, 'hello', [whsec])).toThrowError(
      expect.objectContaining({ code: 'invalid_json', status: 400 }),
    );
  });

  describe('v1a', () => {
    // The first key pair of RFC 8032, section 7.1.
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const publicKey = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
    const whpk = `whpk_${Buffer.from(publicKey, 'hex').toString('base64')}`;
    const privateKey = createPrivateKey({
      key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'),
      format: 'der',
      type: 'pkcs8',
    });
    const signed = signStandardWebhooksAsymmetric(body, privateKey, { at: now, id: headers['webhook-id'] });
    const signature = signed['webhook-signature'] ?? '';

    test('an Ed25519 signature verifies, also beside v1 signatures and other keys', () => {
      expect(code(signed, [whpk])).toBe('ok');
      expect(code({ ...signed, 'webhook-signature': `v1,${noise} ${signature}` }, [whsec, whpk])).toBe('ok');
      expect(code(headers, [whpk, whsec])).toBe('ok');
    });

    test('a v1 signature needs a symmetric key and v1a a public one', () => {
      expect(code(headers, [whpk])).toBe('signature_mismatch');
      expect(code(signed, [whsec])).toBe('signature_mismatch');
      // The public key is public: used as an HMAC key it must prove nothing.
      const forged = createHmac('sha256', Buffer.from(publicKey, 'hex'))
        .update(`msg_1.1614265330.${body}`)
        .digest('base64');
      expect(code({ 'webhook-id': 'msg_1', 'webhook-signature': `v1,${forged}` }, [whpk])).toBe('signature_mismatch');
    });

    test('any flipped bit of the body or the signature fails', () => {
      fc.assert(
        fc.property(fc.nat(), fc.nat(7), fc.boolean(), (position, bit, inBody) => {
          const changed = flipBit(Buffer.from(inBody ? body : signature), position, bit);
          const result = inBody
            ? check('standard_webhooks', signed, changed, [whpk])
            : check('standard_webhooks', { ...signed, 'webhook-signature': changed.toString('latin1') }, body, [whpk]);
          expect(result.ok).toBe(false);
        }),
      );
    });

    test('public keys of another length are no keys', () => {
      expect(code(signed, [`whpk_${Buffer.alloc(31).toString('base64')}`])).toBe('webhook_secret_missing');
      expect(webhookScheme('standard_webhooks').secretProblem(Buffer.from('whpk_AAAA'))).toMatch(/whpk_/);
      expect(webhookScheme('standard_webhooks').secretProblem(Buffer.from(whpk))).toBeUndefined();
    });
  });
});
