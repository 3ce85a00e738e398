import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { compiledOnce } from './schema-checks.ts';

test('a schema is not looked at before its validator is asked for, and compiled once', () => {
  let looks = 0;
  const schema = new Proxy(Type.Object({ name: Type.String() }), {
    get: (target, key, receiver) => {
      looks++;
      return Reflect.get(target, key, receiver);
    },
  });
  const validator = compiledOnce(schema);
  expect(looks).toBe(0);
  expect([validator().Check({ name: 'Atlas' }), validator().Check({ name: 7 })]).toEqual([true, false]);
  expect(looks).toBeGreaterThan(0);
  expect(validator()).toBe(validator());
});
