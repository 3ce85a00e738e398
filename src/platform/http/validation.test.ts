import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { validatorCompiler } from './validation.ts';

test('a route costs its schema’s compiling with its first request, not at the start', () => {
  let looks = 0;
  const body = Type.Object({ name: Type.String() });
  const properties = body.properties;
  Object.defineProperty(body, 'properties', {
    enumerable: true,
    get: () => {
      looks++;
      return properties;
    },
  });
  const validate = validatorCompiler({ schema: body, method: 'POST', url: '/', httpPart: 'body' });
  expect(looks).toBe(0);
  expect(validate({ name: 'Atlas' })).toEqual({ value: { name: 'Atlas' } });
  expect(validate({})).toMatchObject({ error: { validation: [{ keyword: 'required' }] } });
  expect(looks).toBeGreaterThan(0);
});
