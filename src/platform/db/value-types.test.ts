import fc from 'fast-check';
import pg from 'pg';
import { expect, it } from 'vitest';
import { parseTime, valueTypes } from './value-types.ts';

const parseAsPg = pg.types.getTypeParser(1184) as (text: string) => unknown;

it('reads times as pg does', () => {
  const fraction = fc.option(fc.integer({ min: 0, max: 999_999 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      fraction,
      fc.integer({ min: 1, max: 6 }),
      (date, micros, digits) => {
        const seconds = date.toISOString().slice(0, 19).replace('T', ' ');
        // PostgreSQL leaves out zeros at the end
        const rest = micros === undefined ? '' : `.${String(micros).padStart(6, '0').slice(0, digits)}`;
        const text = `${seconds}${rest}+00`;
        expect([text, parseTime(text)]).toEqual([text, parseAsPg(text)]);
      },
    ),
    { seed: 20261124, numRuns: 20_000 },
  );
});

it.each([
  'infinity',
  '-infinity',
  '0044-03-15 12:00:00+00 BC',
  '0099-03-15 12:00:00+00',
  '12026-03-15 12:00:00.5+00',
  '2026-03-15 12:00:00+02',
  '2026-03-15 12:00:00.25-03:30',
  '2026-03-15 12:00:00+05:45:10',
  '2026-03-15',
  '',
])('leaves %j to pg', (text) => expect(parseTime(text)).toEqual(parseAsPg(text)));

it('is for times alone', () => {
  expect(valueTypes.getTypeParser(1184)).toBe(parseTime);
  expect(valueTypes.getTypeParser(20)).toBe(pg.types.getTypeParser(20));
  expect(valueTypes.getTypeParser(17, 'binary')).toBe(pg.types.getTypeParser(17, 'binary'));
});
