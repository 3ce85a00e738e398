import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { valueAt } from './json.ts';
import { readPayload } from './payload.ts';

const read = (text: string) => readPayload(Buffer.from(text, 'utf8'));
const failing = (code: string) => expect.objectContaining({ code });

describe('what is accepted', () => {
  test('any JSON, as JSON.parse reads it, with its own text', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20, stringUnit: 'binary' }), (text) => {
        // "binary" strings hold unpaired surrogates only as escapes; those are refused below.
        fc.pre(!text.includes('\\u0000'));
        expect(read(text)).toEqual({ json: JSON.parse(text), rawText: text });
      }),
    );
  });

  test('numbers keep their digits in the raw text', () => {
    const text = '{"id":90071992547409931234,"f":0.1000000000000000055511151231257827}';
    expect(read(text).rawText).toBe(text);
  });

  test('of a key given twice the last counts', () => {
    expect(read('{"a":1,"a":2}').json).toEqual({ a: 2 });
  });

  test('__proto__ is an ordinary key and pollutes nothing', () => {
    const { json } = read('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype);
    expect(valueAt(json, ['polluted'])).toBeUndefined();
    expect(valueAt(json, ['__proto__', 'polluted'])).toBe(true);
    expect(valueAt({}, ['__proto__', 'polluted'])).toBeUndefined();
    expect(valueAt([], ['length'])).toBeUndefined();
  });

  test('escaped surrogate pairs and backslashes before "u0000"', () => {
    expect(read('["\\ud83d\\ude00","\\\\u0000"]').json).toEqual(['\u{1f600}', '\\u0000']);
  });
});

describe('what is refused', () => {
  test.each([
    ['nothing', '', 'invalid_json'],
    ['white space', '  ', 'invalid_json'],
    ['half an object', '{"a":', 'invalid_json'],
    ['two values', '{} {}', 'invalid_json'],
    ['a raw control character', '["\u0000"]', 'invalid_json'],
    ['a bad escape', '["\\u00"]', 'invalid_json'],
    ['NaN', '[NaN]', 'invalid_json'],
    ['a byte order mark', '\ufeff{}', 'payload_not_text'],
    ['an escaped NUL', '{"a":"x\\u0000y"}', 'payload_not_storable'],
    ['an escaped NUL in a key', '{"\\u0000":1}', 'payload_not_storable'],
    ['a lone high surrogate', '["\\ud83d"]', 'payload_not_storable'],
    ['a high surrogate before another escape', '["\\ud83d\\u0041"]', 'payload_not_storable'],
    ['a lone low surrogate', '["\\ude00"]', 'payload_not_storable'],
    ['two low surrogates', '["\\ud83d\\ude00\\ude00"]', 'payload_not_storable'],
    ['a number that overflows', '[1e400]', 'payload_not_storable'],
    ['a number that overflows without an exponent', `[${'9'.repeat(310)}]`, 'payload_not_storable'],
    ['a number that underflows', '[-1e-399]', 'payload_not_storable'],
    ['zero with an exponent numeric refuses', '[0e-99999]', 'payload_not_storable'],
    ['a very long number', `[0.${'1'.repeat(900)}]`, 'payload_not_storable'],
  ])('%s', (_name, text, code) => {
    expect(() => read(text)).toThrowError(failing(code));
  });

  test('bytes that are not UTF-8', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xe2, 0x82],
    ]) {
      expect(() => readPayload(Buffer.from(bytes))).toThrowError(failing('payload_not_text'));
    }
  });

  test('depth is counted before parsing, outside strings, over objects and arrays', () => {
    const nested = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
    expect(valueAt(read(nested(100)).json, [0, 'a', 0, 'a'])).toBeDefined();
    expect(() => read(nested(102))).toThrowError(failing('json_too_deep'));
    expect(() => read('['.repeat(5_000_000))).toThrowError(failing('json_too_deep'));
    expect(read(`["${'['.repeat(1000)}\\"${'{'.repeat(1000)}"]`).json).toHaveLength(1);
    expect(read(`[${'[],'.repeat(1000)}[]]`).json).toHaveLength(1001);
  });

  test('size, with the limit in the detail', () => {
    expect(() => readPayload(Buffer.from('[1,2]'), { bytesMax: 4 })).toThrowError(
      expect.objectContaining({ code: 'body_too_large', status: 413, detail: 'The body has 5 bytes; the limit is 4.' }),
    );
  });

  test('the error quotes nothing of the body', () => {
    try {
      read('{"password": hunter2}');
      expect.unreachable();
    } catch (error) {
      expect(String(error) + JSON.stringify(error)).not.toMatch(/hunter2|password/);
    }
  });

  test('any bytes are read or refused with an error of the catalogue', () => {
    const bits = [
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      '\\u',
      '0000',
      'd83d',
      ',',
      ':',
      '1',
      '-',
      'e9',
      '.',
      'a',
      ' ',
      '\u00e9',
    ];
    const pieces = fc.array(fc.constantFrom(...bits)).map((all) => Buffer.from(all.join('')));
    fc.assert(
      fc.property(fc.oneof(pieces, fc.uint8Array().map(Buffer.from)), (bytes) => {
        try {
          readPayload(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'PlinthError', status: 400 });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('form-encoded deliveries', () => {
  const form = (body: string, contentType = 'application/x-www-form-urlencoded') =>
    readPayload(Buffer.from(body), { contentType });

  test('the field "payload" is the JSON, wherever it stands', () => {
    const text = '{"title":"a+b & c=d é \u{1f600} 100%"}';
    const encoded = encodeURIComponent(text).replaceAll('%20', '+');
    for (const body of [`payload=${encoded}`, `a=1&payload=${encoded}&b=2`, `&&payload=${encoded}`]) {
      expect(form(body, 'Application/X-WWW-Form-Urlencoded; charset=utf-8').rawText).toBe(text);
    }
  });

  test.each([
    ['no field', 'a=1'],
    ['nothing', ''],
    ['two fields', 'payload=1&payload=2'],
    ['a bad escape', 'payload=%7'],
    ['escapes that are not UTF-8', 'payload=%ff'],
    ['an escaped surrogate', 'payload=%22%ed%a0%80%22'],
  ])('%s is refused', (_name, body) => {
    expect(() => form(body)).toThrowError(failing('payload_not_form'));
  });

  test('limits hold for the decoded text', () => {
    expect(() => form(`payload=${'%5B'.repeat(101)}`)).toThrowError(failing('json_too_deep'));
    expect(() => form('payload=%22%5Cu0000%22')).toThrowError(failing('payload_not_storable'));
    expect(() => form(`${'&'.repeat(1_000_000)}payload=1&payload=2`)).toThrowError(failing('payload_not_form'));
  });
});
