import { expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import type { PlinthError } from '../core/errors.ts';
import { fromDatabaseError, strippedError } from './sql-errors.ts';

const secret = 'hunter2-of-another-tenant';

describeEngines('database errors', (on) => {
  const failing = async (text: string, values: unknown[] = [], context = {}): Promise<PlinthError> => {
    const error = await on.pool.query(text, values).then(
      () => undefined,
      (thrown: unknown) => fromDatabaseError(thrown, context),
    );
    if (!error) throw new Error(`it did not fail: ${text}`);
    return error;
  };

  it('become those of the catalogue, with the field and no value', async () => {
    await on.pool.query(`
      create table makers (id int constraint makers_pkey primary key, name text not null,
        constraint makers_name_key unique (name),
        constraint makers_name_check check (length(name) < 100));
      create table parts (id int constraint parts_pkey primary key, maker_id int,
        constraint parts_maker_fkey foreign key (maker_id) references makers (id));
      create table closures (days daterange, constraint closures_days_excl exclude using gist (days with &&));
      insert into closures values ('[2026-12-24,2026-12-27)');
      insert into makers values (1, '${secret}');
      insert into parts values (1, 1)`);
    const cases: [text: string, values: unknown[], code: string, field?: string][] = [
      ['insert into makers values (2, $1)', [secret], 'already_exists', 'name'],
      ['insert into makers values (2, $1)', [null], 'required_value', 'name'],
      ['insert into makers values (2, $1)', [secret.repeat(5)], 'invalid_value', 'name'],
      ['insert into parts values (2, 77)', [], 'reference_not_found', 'maker_id'],
      ['delete from makers', [], 'still_referenced'],
      ['insert into closures values ($1)', ['[2026-12-26,2027-01-02)'], 'conflict', 'days'],
      ['select $1::uuid', [secret], 'invalid_value'],
      ['select $1::int', ['99999999999'], 'invalid_value'],
      ['select $1::timestamptz', [secret], 'invalid_value'],
      [`select '2024-02-31'::date`, [], 'invalid_value'],
      ['select $1::jsonb', [`{"a": ${secret}}`], 'invalid_value'],
      ['select 1 from nowhere', [], 'internal'],
      [`do $$ begin raise exception using errcode = '40001'; end $$`, [], 'serialization_conflict'],
      [`do $$ begin raise exception using errcode = '40P01'; end $$`, [], 'serialization_conflict'],
      [`do $$ begin raise exception using errcode = '53100'; end $$`, [], 'database_full'],
      [`do $$ begin raise exception using errcode = '55P03'; end $$`, [], 'too_busy'],
      [`do $$ begin raise exception using errcode = '42501'; end $$`, [], 'forbidden'],
      [`select E'\\\\x00'::bytea, convert_from('\\xff'::bytea, 'utf8')`, [], 'invalid_value'],
    ];
    for (const [text, values, code, field] of cases) {
      const error = await failing(text, values);
      expect([text, error.code]).toEqual([text, code]);
      expect(error.field).toBe(field);
      const shown = JSON.stringify([error.message, error.detail, error.title, error.hint, error.errors]);
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain('makers');
      expect(inspectable(error.cause)).not.toContain(secret);
    }
  });

  it('says read_only inside a read-only transaction', async () => {
    const client = await on.pool.connect();
    try {
      await client.query('begin read only');
      const error = await client.query('create table nothing ()').catch((thrown: unknown) => fromDatabaseError(thrown));
      expect(error).toMatchObject({ code: 'read_only' });
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it('says statement_too_complex where the stack ends', async () => {
    await on.pool.query(`create function deeper(n int) returns int language plpgsql as
      $$ begin return deeper(n + 1); end $$`);
    expect(await failing('select deeper(1)')).toMatchObject({ code: 'statement_too_complex' });
    expect((await on.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

/** Everything a log could make of an error. */
function inspectable(error: unknown): string {
  const { message, stack, ...fields } = error as Error;
  return JSON.stringify([message, stack, fields]);
}

it('an error of PGlite itself loses its query and parameters', () => {
  const thrown = Object.assign(new Error(`invalid input syntax for type uuid: "${secret}"`), {
    code: '22P02',
    query: `select '${secret}'`,
    params: [secret],
    where: secret,
    internalQuery: secret,
  });
  expect(inspectable(thrown)).toContain(secret);
  expect(inspectable(strippedError(thrown))).not.toContain(secret);
});

it('a lost connection is database_unavailable, and while committing outcome_unknown', () => {
  const lost = new Error('Connection terminated unexpectedly');
  expect(fromDatabaseError(lost).code).toBe('database_unavailable');
  expect(fromDatabaseError(lost, { committing: true }).code).toBe('outcome_unknown');
  expect(fromDatabaseError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })).code).toBe('database_unavailable');
  expect(fromDatabaseError(new Error('timeout exceeded when trying to connect')).code).toBe('too_busy');
  expect(fromDatabaseError(undefined).code).toBe('internal');
});

it('knows a delete without reading a message', () => {
  const translated = { code: '23503', message: 'Aktualisieren oder Löschen in Tabelle …' };
  expect(fromDatabaseError(translated, { deleting: true }).code).toBe('still_referenced');
});

it('takes the shard number off names that Citus gives', () => {
  const error = { code: '23505', table: 'makers_102008', constraint: 'makers_name_key_102008', message: '' };
  expect(fromDatabaseError(error).field).toBe('name');
});
