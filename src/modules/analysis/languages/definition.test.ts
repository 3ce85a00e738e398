import { describe, expect, test } from 'vitest';
import { detectLanguage, fileEnding } from './definition.ts';

describe('detectLanguage', () => {
  test.each([
    ['src/a.ts', '', 'typescript'],
    ['a.d.ts', '', 'typescript'],
    ['a.MTS', '', 'typescript'],
    ['a.cts', '', 'typescript'],
    ['a.tsx', '', 'tsx'],
    ['a.jsx', '', 'javascript'],
    ['a.mjs', '', 'javascript'],
    ['a.cjs', '', 'javascript'],
    ['a.py', '#!/bin/sh', 'python'],
    ['a.pyi', '', 'python'],
    ['bin/tool', '#!/usr/bin/env node\n', 'javascript'],
    ['bin/tool', '#!/usr/bin/python3.11 -u\n', 'python'],
    ['bin/tool', '#!/usr/bin/env -S FOO=1 python3\n', 'python'],
    ['bin/tool', '#!/bin/sh\n', null],
    ['bin/tool', '#!', null],
    ['bin/tool', 'node', null],
    ['Makefile', '', null],
    ['.bashrc', '#!/usr/bin/env node', 'javascript'],
    ['a.rb', '#!/usr/bin/env node', null],
    ['', '', null],
  ])('%s %j: %s', (path, start, language) => {
    expect(detectLanguage(path, new TextEncoder().encode(start))).toBe(language);
  });

  test.each([
    ['a/b.c/d', ''],
    ['a.b/.d', ''],
    ['a.TAR.GZ', '.gz'],
  ])('the ending of %s is %j', (path, ending) => {
    expect(fileEnding(path)).toBe(ending);
  });
});
