/** `plinth attack` against a server, as an operator runs it: with the migration login and the login of production. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openServer } from '../../src/platform/db/server.ts';
import { runBootstrap } from '../../src/platform/migrate/bootstrap.ts';
import { runCommand } from '../support/command.ts';
import { describeEngines, openTestEngine } from '../support/engines.ts';

const attack_timeout_ms = 120_000;
/** Two tables and a function: that the whole holds is the isolation suite's to prove. */
const few = ['--only', 'projects', '--only', 'repositories', '--only', 'erase_audit_subject'];

interface Summary {
  readonly login: { readonly name: string; readonly isSuperuser: boolean; readonly mayBecome: string[] };
  readonly leaks: readonly { readonly attack: string }[];
  readonly counts: { readonly probes: number };
}

describeEngines(
  'plinth attack',
  (on) => {
    const name = `attacker_${process.pid}`;
    let login = '';
    beforeAll(async () => {
      const { directPool } = on.engine;
      await directPool.query(`create role ${name} login noinherit password 'attack'`);
      await runBootstrap(directPool, { runtimeLogins: [name] });
      login = asLogin(on.test.url!, name);
    });
    const run = (env: Record<string, string>, argv: string[], signal?: AbortSignal) =>
      runCommand(['attack', '--json', '--seed', '7', ...argv], {
        config: loadConfig(env),
        ...(signal ? { signal } : {}),
      });
    const summaryOf = ({ out }: { out: string[] }) => JSON.parse(out.join('\n')) as Summary;
    const organizations = async () => {
      const { rows } = await on.engine.directPool.query<{ n: string }>(
        'select count(*) as n from plinth.list_organizations(10)',
      );
      return Number(rows[0]!.n);
    };

    it(
      'attacks as the login that --login names, and leaves nothing behind',
      async () => {
        const done = await run({ DATABASE_URL: on.test.url! }, ['--login', login, ...few]);
        const summary = summaryOf(done);
        expect(summary.login).toEqual({ name, isSuperuser: false, mayBecome: [] });
        expect([done.exit, summary.leaks]).toEqual([0, []]);
        expect(summary.counts.probes).toBeGreaterThan(100);
        expect(await organizations()).toBe(0);
      },
      attack_timeout_ms,
    );

    it(
      'attacks as the login of DATABASE_URL where migrations have another',
      async () => {
        const done = await run({ DATABASE_URL: login, PLINTH_MIGRATE_URL: on.test.url! }, few);
        expect([done.exit, summaryOf(done).login.name]).toEqual([0, name]);
        expect(await organizations()).toBe(0);
      },
      attack_timeout_ms,
    );

    it('says which login is missing where the one of requests is alone', async () => {
      for (const argv of [
        ['attack', '--json', ...few],
        ['backup', 'create', '--folder', '/tmp'],
      ]) {
        const engine = await openServer({ url: login, poolSize: 1 });
        try {
          await expect(
            runCommand(argv, { config: loadConfig({ DATABASE_URL: login }), ownerEngine: engine }),
          ).rejects.toMatchObject({
            code: 'owner_login_required',
            hint: expect.stringContaining('PLINTH_MIGRATE_URL'),
          });
        } finally {
          await engine.close();
        }
      }
    });

    it(
      'finds a login of production that may become the owner',
      async () => {
        await on.engine.directPool.query(`grant plinth_owner to ${name}`);
        try {
          const done = await run({ DATABASE_URL: on.test.url! }, ['--login', login, '--only', 'projects']);
          const { leaks, login: facts } = summaryOf(done);
          expect([done.exit, facts.mayBecome]).toEqual([1, ['plinth_owner', 'plinth_definer']]);
          expect(leaks.map(({ attack }) => attack)).toContain('set role');
        } finally {
          await on.engine.directPool.query(`revoke plinth_owner from ${name}`);
        }
      },
      attack_timeout_ms,
    );

    it(
      'removes what it made when it is stopped half-way',
      async () => {
        const stop = new AbortController();
        stop.abort(new Error('stopped'));
        const stopped = run({ DATABASE_URL: on.test.url! }, ['--login', login, ...few], stop.signal);
        await expect(stopped).rejects.toThrow('stopped');
        expect(await organizations()).toBe(0);
      },
      attack_timeout_ms,
    );

    it('refuses a login of another database, and a schema that is not there', async () => {
      const other = await openTestEngine(on.name, { empty: true });
      try {
        const elsewhere = asLogin(other.url!, name);
        await expect(run({ DATABASE_URL: on.test.url! }, ['--login', elsewhere])).rejects.toMatchObject({
          name: 'UsageError',
          message: expect.stringContaining('not the same database'),
        });
        await expect(run({ DATABASE_URL: other.url! }, [])).rejects.toMatchObject({ code: 'schema_behind' });
      } finally {
        await other.close();
      }
    });
  },
  { only: ['postgres'] },
);

describe('plinth attack on the embedded engine', () => {
  it('has no logins to choose from', async () => {
    const refused = runCommand(['attack', '--login', 'postgres://a@localhost/b'], { config: loadConfig({}) });
    await expect(refused).rejects.toMatchObject({ name: 'UsageError' });
  });
});

function asLogin(text: string, name: string): string {
  const url = new URL(text);
  url.username = name;
  url.password = 'attack';
  return url.href;
}
