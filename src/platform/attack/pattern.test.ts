import { describe, expect, it } from 'vitest';
import { textMatching } from './pattern.ts';

describe('a text for a check', () => {
  it.each([
    '^[A-Z]{2}$',
    '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
    '^(https://|ssh://|[A-Za-z0-9_][A-Za-z0-9_.-]*@)',
    '^\\d{4}-\\d{2}$',
    '^INV-[0-9]+$',
    '^a\\.b|c$',
  ])('matches %s', (pattern) => {
    const text = textMatching(pattern);
    if (pattern.includes('|c')) expect(text).toBeUndefined();
    else expect(text).toMatch(new RegExp(pattern));
  });

  it.each(['[^a-z]', '(?=x)y', 'a{', '\\mword', '(open'])('is not made up for %s', (pattern) => {
    expect(textMatching(pattern)).toBeUndefined();
  });
});
