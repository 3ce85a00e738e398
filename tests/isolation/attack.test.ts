import pg from 'pg';
import { expect, it } from 'vitest';
import { acceptedAnswers as accepted, callSamples as samples } from '../../src/attack-notes.ts';
import { type AttackReport, type Probe, runAttacks } from '../../src/platform/attack/index.ts';
import { runBootstrap } from '../../src/platform/migrate/bootstrap.ts';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';

/** Another one attacks with other words and arguments; each run says which it had. */
const seed = Number(process.env['PLINTH_ATTACK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const attack_timeout_ms = 180_000;

const line = ({ target, attack, verb, role, actor, detail }: Probe) =>
  `${target}: ${attack} (${verb} as ${actor}, ${role}): ${detail ?? ''}`.slice(0, 600);

/** One line of what was tried, and everything that is wrong. */
function faultsOf(report: AttackReport): string[] {
  return [...report.leaks.map(line), ...report.broken.map((probe) => `broken: ${line(probe)}`), ...report.unproven];
}

/** On Citus two roles do not share a transaction: there `plinth attack --login` is what attacks. */
const fromOneLogin = { except: ['citus'] } as const;

describeEngines(
  `isolation (PLINTH_ATTACK_SEED=${seed})`,
  (on) => {
    it(
      'holds for every relation, column and function that requests reach',
      async () => {
        await admitTestLogin(on.engine);
        const report = await runAttacks({ engine: on.engine }, { seed, samples, accepted });
        expect(faultsOf(report)).toEqual([]);
        expect(report.outside).toEqual([]);
        const { relations, columns, functions, probes, outcomes } = report.counts;
        // Not a suite that found nothing to do.
        expect(relations).toBeGreaterThan(80);
        expect(columns).toBeGreaterThan(1000);
        expect(functions).toBeGreaterThan(70);
        expect(probes).toBeGreaterThan(2500);
        expect(outcomes.own).toBeGreaterThan(60);
      },
      attack_timeout_ms,
    );

    it(
      'leaves nothing behind, and does the same again from its seed',
      async () => {
        await admitTestLogin(on.engine);
        const options = { seed, samples, accepted, only: ['projects', 'repositories', 'erase_audit_subject'] };
        const first = await runAttacks({ engine: on.engine }, options);
        const second = await runAttacks({ engine: on.engine }, options);
        const shape = ({ probes }: AttackReport) => probes.map(({ detail: _, ...probe }) => probe);
        expect(shape(second)).toEqual(shape(first));
        expect(await rowsOf(on.engine.directPool)).toBe(0);
      },
      attack_timeout_ms,
    );
  },
  fromOneLogin,
);

describeEngines(
  'isolation from the login the server runs as',
  (on) => {
    it(
      'holds, and the login reaches nothing without entering',
      async () => {
        const login = `attack_${process.pid}_${on.name}`;
        const { directPool } = on.engine;
        await directPool.query(`create role ${login} login noinherit password 'attack'`);
        const url = new URL(on.test.url!);
        url.username = login;
        url.password = 'attack';
        const pool = new pg.Pool({ connectionString: url.href, max: 1 });
        try {
          await runBootstrap(directPool, { runtimeLogins: [login] });
          const report = await runAttacks({ engine: on.engine }, { seed, samples, accepted, login: pool });
          expect(report.login).toEqual({ name: login, isSuperuser: false, mayBecome: [] });
          expect(faultsOf(report)).toEqual([]);
          expect(report.probes.filter((probe) => probe.role === 'login').length).toBeGreaterThan(100);
          expect(await rowsOf(directPool)).toBe(0);
        } finally {
          await pool.end();
        }
      },
      attack_timeout_ms,
    );

    it('says so when the login may become the owner', async () => {
      await admitTestLogin(on.engine);
      const report = await runAttacks({ engine: on.engine }, { seed, only: ['projects'] });
      expect(report.login.mayBecome).toEqual(['plinth_owner', 'plinth_definer']);
    });
  },
  { only: ['postgres', 'postgres15'] },
);

/** Rows of all tables that held fixtures. */
async function rowsOf(pool: pg.Pool): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('begin; set local role plinth_owner');
    const { rows } = await client.query<{ n: string }>(
      `select (select count(*) from plinth.organizations) + (select count(*) from plinth.users)
         + (select count(*) from plinth.projects) + (select count(*) from plinth.audit_logs)
         + (select count(*) from plinth.workers) as n`,
    );
    return Number(rows[0]!.n);
  } finally {
    await client.query('rollback');
    client.release();
  }
}
