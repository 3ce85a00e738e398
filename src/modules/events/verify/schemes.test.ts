import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signGithub } from '../sample.ts';
import { schemeNames, webhookScheme } from './index.ts';
import { check, codeOf, flipBit, hmacSettings, samples } from './testing.ts';

const isStandard = (name: string) => name === 'standard_webhooks' || name === 'deployment';

describe.each(schemeNames)('every scheme: %s', (name) => {
  const { secret, body, headers, signatureHeader } = samples[name];
  const signature = headers[signatureHeader] ?? '';

  test('accepts its sample, with the current and with the previous secret', () => {
    expect(codeOf(check(name, headers, body, [secret]))).toBe('ok');
    const other = isStandard(name) ? 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' : 'another secret of some length';
    expect(codeOf(check(name, headers, body, [other, secret]))).toBe('ok');
    expect(codeOf(check(name, headers, body, [other]))).toBe('signature_mismatch');
  });

  test('any flipped bit of the body fails', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(7), (position, bit) => {
        const flipped = flipBit(Buffer.from(body), position, bit);
        expect(check(name, headers, flipped, [secret])).toEqual({ ok: false, code: 'signature_mismatch' });
      }),
    );
  });

  test('any flipped bit of the signature fails', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(7), (position, bit) => {
        const flipped = flipBit(Buffer.from(signature), position, bit).toString('latin1');
        expect(check(name, { ...headers, [signatureHeader]: flipped }, body, [secret]).ok).toBe(false);
      }),
    );
  });

  test('any flipped bit of the secret fails', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(7), (position, bit) => {
        expect(check(name, headers, body, [flipBit(Buffer.from(secret), position, bit)]).ok).toBe(false);
      }),
    );
  });

  test('a body parsed and serialised again fails', () => {
    const spaced = JSON.stringify(JSON.parse(body), null, 1);
    expect(codeOf(check(name, headers, spaced, [secret]))).toBe('signature_mismatch');
  });

  test('signatures of the wrong length or case, or sent twice, fail', () => {
    const withSignature = (value: string | string[] | undefined) =>
      codeOf(check(name, { ...headers, [signatureHeader]: value }, body, [secret]));
    expect(withSignature(undefined)).toBe('signature_missing');
    expect(withSignature('')).toBe('signature_missing');
    expect(withSignature([])).toBe('signature_missing');
    expect(withSignature([signature])).toBe('ok');
    expect(withSignature([signature, signature])).toBe('header_repeated');
    // Node joins a header sent twice like the last one; Standard Webhooks is a list by design.
    const wrong = [signature.slice(0, -1), `${signature}0`, `${signature},`];
    if (!isStandard(name)) wrong.push(` ${signature}`, `${signature}, ${signature}`);
    for (const value of wrong) {
      expect(['signature_malformed', 'signature_mismatch']).toContain(withSignature(value));
    }
    expect(['signature_malformed', 'signature_mismatch']).toContain(withSignature(signature.toUpperCase()));
    expect(
      codeOf(check(name, { ...headers, [signatureHeader.toUpperCase()]: signature }, body, [secret])),
      'the same header in two spellings',
    ).toBe('header_repeated');
  });

  test('header names in any case are found', () => {
    const upper = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toUpperCase(), value]));
    expect(codeOf(check(name, upper, body, [secret]))).toBe('ok');
  });

  test('without a usable secret nothing is accepted, not even what an empty key signs', () => {
    expect(codeOf(check(name, headers, body, []))).toBe('webhook_secret_missing');
    const forged = signGithub(body, '', { kind: 'ping' });
    expect(codeOf(check(name, { ...headers, ...forged }, body, ['']))).toBe('webhook_secret_missing');
  });

  test('never throws on any headers and any body', () => {
    const names = [...Object.keys(headers), 'X-Other', '__proto__', 'constructor'];
    const anyHeaders = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.string(), fc.array(fc.string())));
    fc.assert(
      fc.property(anyHeaders, fc.uint8Array(), fc.array(fc.uint8Array()), (some, bytes, secrets) => {
        expect(check(name, some, Buffer.from(bytes), secrets.map(Buffer.from)).ok).toBe(false);
      }),
    );
  });

  test('a weak secret is named before it is kept', () => {
    const scheme = webhookScheme(name, name === 'hmac' ? hmacSettings : undefined);
    expect(scheme.secretProblem(Buffer.from(secret))).toBeUndefined();
    expect(scheme.secretProblem(Buffer.from('short'))).toMatch(/secret/);
    expect(scheme.secretProblem(Buffer.alloc(0))).toMatch(/secret/);
  });
});
