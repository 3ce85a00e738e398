import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';

const known = ['port', 'kitten', 'analyze', 'export', 'import'];

test.each([
  ['prot', 'port'],
  ['PORT', 'port'],
  ['kiten', 'kitten'],
  ['sitting', undefined],
  ['analyse', 'analyze'],
  ['imports', 'import'],
  ['', undefined],
  ['x'.repeat(100_000), undefined],
])('%.20s is meant as %s', (wanted, name) => {
  expect(nearestName(wanted, known)).toBe(name);
});
