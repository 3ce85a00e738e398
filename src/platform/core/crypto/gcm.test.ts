import { expect, test } from 'vitest';
import { encodeParts, GCM_IV_BYTES, gcmDecrypt, gcmEncrypt, gcmSeal } from './gcm.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

// The GCM specification's test cases 13, 14 and 16 (McGrew and Viega), which NIST publishes with SP 800-38D.
const vectors = [
  { key: '00'.repeat(32), iv: '00'.repeat(12), aad: '', plaintext: '', sealed: '530f8afbc74536b9a963b4f1c4cb738b' },
  {
    key: '00'.repeat(32),
    iv: '00'.repeat(12),
    aad: '',
    plaintext: '00'.repeat(16),
    sealed: 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    key: 'feffe9928665731c6d6a8f9467308308'.repeat(2),
    iv: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
      '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    sealed:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
      '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
      '76fc6ece0f4e1768cddf8853bb2d551b',
  },
];

test.each(vectors)('published AES-256-GCM vector $sealed', ({ key, iv, aad, plaintext, sealed }) => {
  expect(gcmEncrypt(hex(key), hex(iv), hex(plaintext), hex(aad)).toString('hex')).toBe(sealed);
  expect(gcmDecrypt(hex(key), hex(iv), hex(sealed), hex(aad))?.toString('hex')).toBe(plaintext);
});

test('a cut tag, a short text and a wrong IV length do not decrypt', () => {
  const key = Buffer.alloc(32, 7);
  const { iv, sealed } = gcmSeal(key, Buffer.from('secret'), Buffer.alloc(0));
  expect(gcmDecrypt(key, iv, sealed.subarray(0, -1), Buffer.alloc(0))).toBeUndefined();
  expect(gcmDecrypt(key, iv, sealed.subarray(0, 4), Buffer.alloc(0))).toBeUndefined();
  expect(gcmDecrypt(key, iv.subarray(1), sealed, Buffer.alloc(0))).toBeUndefined();
  expect(gcmDecrypt(key, Buffer.concat([iv, iv]), sealed, Buffer.alloc(0))).toBeUndefined();
});

test('every message has an IV of its own', () => {
  const key = Buffer.alloc(32, 7);
  const ivs = Array.from({ length: 1000 }, () => gcmSeal(key, Buffer.alloc(1), Buffer.alloc(0)).iv.toString('hex'));
  expect(new Set(ivs).size).toBe(1000);
  expect(ivs[0]).toHaveLength(GCM_IV_BYTES * 2);
});

test('different lists of parts never share an encoding', () => {
  const lists = [[], [''], ['', ''], [null], ['a', 'b'], ['ab', ''], ['', 'ab'], ['a\u0000b'], ['a', null], ['\uffff']];
  expect(new Set(lists.map((list) => encodeParts(list).toString('hex'))).size).toBe(lists.length);
  expect(() => encodeParts(['\ud800'])).toThrow(TypeError);
});
