import { expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import type { Engine } from './engine.ts';
import { openServer } from './server.ts';

const odd = [
  `default_transaction_isolation = 'serializable'`,
  `datestyle = 'SQL, DMY'`,
  `intervalstyle = 'iso_8601'`,
  `bytea_output = 'escape'`,
  'standard_conforming_strings = off',
  `timezone = 'Asia/Kathmandu'`,
];
const sample = `select current_setting('transaction_isolation') as isolation, timestamptz '2026-01-02 03:04:05Z' as at,
  interval '36 hours' as duration, '\\x00ff'::bytea as bytes, 'a\\nb' as text,
  json_build_object('at', timestamptz '2026-01-02 03:04:05Z') as json, current_setting('work_mem') as work_mem`;

describeEngines(
  'settings that a site gives its sessions',
  (on) => {
    /** As the login itself, for this database alone; connections that are open learn nothing of it. */
    const change = async ({ directPool }: Engine, settings: readonly string[]) => {
      for (const setting of settings) {
        const { rows } = await directPool.query<{ sql: string }>(
          `select format('alter role %I in database %I ', current_user, current_database()) || $1 as sql`,
          [setting],
        );
        await directPool.query(rows[0]!.sql);
      }
      await directPool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`,
      );
    };

    it('are ours on a connection of our own, and refused by name behind a pooler', async () => {
      const { engine, url } = await on.open();
      await change(
        engine,
        odd.map((setting) => `set ${setting}`),
      );
      const asked = `${url}${url!.includes('?') ? '&' : '?'}options=-c%20work_mem%3D5MB%20-c%20datestyle%3DGerman`;
      const opening = openServer({ url: on.name === 'pgbouncer' ? url! : asked });
      try {
        if (on.name === 'pgbouncer') {
          const error = await opening.catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({
            code: 'database_settings_unsuitable',
            hint: expect.stringContaining('alter role'),
          });
          const { detail } = error as { detail: string };
          // PgBouncer gives every session the same of those that a server reports, whatever the role's are
          for (const name of ['default_transaction_isolation', 'intervalstyle', 'bytea_output']) {
            expect(detail).toContain(`${name} is`);
          }
          expect(detail).not.toContain('timezone');
          return;
        }
        const other = await opening;
        const { rows } = await other.pool.query(sample);
        await other.close();
        expect(rows).toEqual([
          {
            isolation: 'read committed',
            at: new Date('2026-01-02T03:04:05Z'),
            duration: expect.objectContaining({ hours: 36 }),
            bytes: Buffer.from([0, 255]),
            text: 'a\\nb',
            json: { at: '2026-01-02T03:04:05+00:00' },
            work_mem: '5MB',
          },
        ]);
      } finally {
        await change(engine, ['reset all']);
      }
    });
  },
  { only: ['postgres', 'postgres15', 'pgbouncer'] },
);
