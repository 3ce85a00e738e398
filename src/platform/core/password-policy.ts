import { commonWords } from './common-words.ts';
import { defineErrors, type PlinthError } from './errors.ts';
import { BCRYPT_PASSWORD_BYTES_MAX, normalizePassword, type PasswordAlgorithm } from './passwords.ts';

export const passwordErrors = defineErrors({
  password_refused: {
    status: 422,
    title: 'This password is not accepted',
    hint: 'Use 8 characters or more that nobody would try first; several unrelated words are good. Spaces are fine.',
  },
});

/** In code points. NIST SP 800-63B asks for at least 8, and that 64 be allowed. */
export const PASSWORD_CHARS_MIN = 8;
/** Enough for 64 characters of any script, emoji families included; keeps hashing from being fed megabytes. */
export const PASSWORD_BYTES_MAX = 1024;

/** How much of digits and signs around a common word still counts as that word: "Summer2026!", "!!dragon99". */
const DECORATION_CHARS_MAX = 6;
/** What must remain when the user's own words are taken away. */
const REMAINDER_CHARS_MIN = 6;
const CONTEXT_CHARS_MIN = 4;
const WALKS_MAX = 4;
const COMMON_CHARS_MAX = 32;

export type PasswordRefusal = 'not_text' | 'too_short' | 'too_long' | 'common' | 'contextual';

export interface PasswordContext {
  readonly algorithm: PasswordAlgorithm;
  readonly email?: string;
  /** Names of the person, the organization, the product: what an attacker knows too. */
  readonly words?: readonly string[];
}

const sentences: Record<PasswordRefusal, string> = {
  not_text: 'it holds a character that cannot be typed',
  too_short: `it is shorter than ${PASSWORD_CHARS_MIN} characters`,
  too_long: 'it is too long',
  common: 'it is among the first that anybody would try',
  contextual: 'it is mostly your own name, address or organization',
};

/**
 * Why a new password is refused, or undefined when it is fine. No composition rules and no expiry, as NIST SP 800-63B
 * advises: only length, what is commonly used, and what is known about the user.
 */
export function passwordRefusal(password: string, context: PasswordContext): PasswordRefusal | undefined {
  // Before anything that takes time with the length.
  if (password.length > PASSWORD_BYTES_MAX) return 'too_long';
  if (!password.isWellFormed() || password.includes('\u0000')) return 'not_text';
  const text = normalizePassword(password);
  const bytes = Buffer.byteLength(text);
  if (bytes > PASSWORD_BYTES_MAX) return 'too_long';
  if (context.algorithm === 'bcrypt' && bytes > BCRYPT_PASSWORD_BYTES_MAX) return 'too_long';
  if ([...text].length < PASSWORD_CHARS_MIN) return 'too_short';
  if (isContextual(text, context)) return 'contextual';
  return isCommon(text) ? 'common' : undefined;
}

/** Throws `password_refused`, naming the reason and never the password. */
export function assertPassword(password: string, context: PasswordContext): void {
  const refusal = passwordRefusal(password, context);
  if (refusal) throw refusedPassword(refusal, context);
}

function refusedPassword(refusal: PasswordRefusal, context: PasswordContext): PlinthError {
  const isBcrypt = refusal === 'too_long' && context.algorithm === 'bcrypt';
  const detail = isBcrypt ? `it is longer than ${BCRYPT_PASSWORD_BYTES_MAX} bytes` : sentences[refusal];
  return passwordErrors.password_refused({ detail, field: 'password' });
}

/** True for passwords built of the commonest words, keyboard rows, counting, repetition, and plain numbers. */
export function isCommon(password: string): boolean {
  const text = fold(password);
  const unit = repeatedUnit(text);
  // "abcabcabc", "11111111", "dragondragon": no better than the unit once.
  if (unit !== undefined) return [...unit].length < PASSWORD_CHARS_MIN || isCommon(unit);
  if (isWalk(text) || isNumber(text)) return true;
  // No common word with decoration is longer; the searches below are not made for more.
  if (text.length > COMMON_CHARS_MAX) return false;
  return candidates(text).some((word) => commonWords.has(word) || isCutWord(word)) || isTwoCommonWords(text);
}

function isContextual(password: string, context: PasswordContext): boolean {
  const [local = '', domain = ''] = (context.email ?? '').split('@');
  const known = [
    'plinth',
    local,
    ...local.split(/[._+-]/),
    ...domain.split('.').slice(0, -1),
    ...(context.words ?? []),
  ];
  const text = fold(password);
  return known
    .flatMap((word) => [fold(word), ...fold(word).split(/[^\p{L}\p{N}]+/u), fold(word).replace(/[^\p{L}\p{N}]/gu, '')])
    .filter((word) => word.length >= CONTEXT_CHARS_MIN)
    .some((word) => [text, decodeLookAlikes(text)].some((form) => isMostly(form, word)));
}

function isMostly(text: string, word: string): boolean {
  return text.includes(word) && [...text.replaceAll(word, '')].length < REMAINDER_CHARS_MIN;
}

/** Lower case, compatibility forms and accents away: "Pässword" and "ＰＡＳＳＷＯＲＤ" are "password". */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

const lookAlikes: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '+': 't',
  '|': 'l',
};

function decodeLookAlikes(text: string): string {
  return text.replace(/[0134578@$!+|]/g, (character) => lookAlikes[character] ?? character);
}

/** The words a password could be hiding: with its decoration cut off, with look-alike letters read as letters. */
function candidates(text: string): string[] {
  const bare = undecorated(text);
  return [text, bare, decodeLookAlikes(text), undecorated(decodeLookAlikes(text)), decodeLookAlikes(bare)].flatMap(
    (word) => [
      word,
      repeatedUnit(word) ?? word,
      [...word].reverse().join(''),
      word.replace(/[^\p{L}\p{N}]/gu, ''),
      word.replaceAll('i', 'l'),
    ],
  );
}

/** The text without up to DECORATION_CHARS_MAX digits and signs at its ends; as it is when there are more. */
function undecorated(text: string): string {
  const bare = text.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '');
  return text.length - bare.length <= DECORATION_CHARS_MAX ? bare : text;
}

/** "password dragon", "monkeyMonkey1": two common words are not more than one. */
function isTwoCommonWords(text: string): boolean {
  const bare = undecorated(text);
  for (let at = 3; at <= bare.length - 3; at++) {
    const [left, right] = [bare.slice(0, at), bare.slice(at).replace(/^[^\p{L}]+/u, '')];
    if (commonWords.has(undecorated(left)) && commonWords.has(right) && left.length + right.length < 14) return true;
  }
  return false;
}

const cutWords = new Set([...commonWords].flatMap((word) => [7, 8, 9, 10].map((length) => word.slice(0, length))));

/** "swordfis", "elizabet": systems that kept eight characters have taught people these. */
function isCutWord(word: string): boolean {
  return word.length >= PASSWORD_CHARS_MIN - 1 && cutWords.has(word);
}

function repeatedUnit(text: string): string | undefined {
  for (let length = 1; length <= text.length / 2; length++) {
    if (text.length % length === 0 && text.slice(0, length).repeat(text.length / length) === text) {
      return text.slice(0, length);
    }
  }
  return undefined;
}

const rows = [
  '01234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop[]',
  'asdfghjkl;',
  'zxcvbnm,./',
  'qwertzuiopü',
  'yxcvbnm,.-',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  '!@#$%^&*()_+',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  'q2w3e4r5t6y7u8i9o0p',
  '1a2b3c4d5e6f7g8h9i',
  'a1b2c3d4e5f6g7h8i9',
  'a1s2d3f4g5h6j7k8l9',
  '1z2x3c4v5b6n7m',
  'zaqxswcdevfrbgtnhymjukilop',
  'zaq1xsw2cde3vfr4bgt5nhy6mju7',
  'йцукенгшщзхъ',
  'фывапролджэ',
];
const walks = [...rows, ...rows.map((row) => [...row].reverse().join(''))].map(fold);

/** True when the whole text is at most four stretches, of three characters or more, of a keyboard row or a count. */
function isWalk(text: string): boolean {
  let at = 0;
  for (let count = 0; count < WALKS_MAX && at < text.length; count++) {
    const length = longestWalk(text, at);
    if (length < 3) return text.length - at <= 2 && count > 0 && count < 3;
    at += length;
  }
  return at >= text.length;
}

function longestWalk(text: string, from: number): number {
  let longest = 0;
  for (const walk of walks) {
    for (let length = Math.max(longest + 1, 3); from + length <= text.length; length++) {
      if (!walk.includes(text.slice(from, from + length))) break;
      longest = length;
    }
  }
  let repeats = 1;
  while (text[from + repeats] === text[from]) repeats++;
  return Math.max(longest, repeats);
}

/** Digits alone, dates and telephone numbers among them: all of that length are tried in no time. */
function isNumber(text: string): boolean {
  return /^\d{1,11}$/.test(text.replace(/[./ +-]/g, ''));
}
