import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { readOptions } from './route.ts';

const asked = (value?: string) =>
  readOptions({ headers: value === undefined ? {} : { 'cache-control': value } } as FastifyRequest);

it.each([
  'max-stale',
  'max-stale=60',
  'no-transform, max-stale',
  'Max-Stale, no-transform',
  'no-transform,max-stale=5',
])('Cache-Control: %s may be read from a replica', (value) => expect(asked(value)).toEqual({ pool: 'replica' }));

it.each([undefined, '', 'no-cache', 'max-age=0', 'x-max-stale', 'max-staleness=3'])(
  'Cache-Control: %s may not',
  (value) => expect(asked(value)).toEqual({}),
);
