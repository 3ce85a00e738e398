/**
 * Rows become visible in another order than they were made in. A reader that takes only what is below the horizon and
 * pages by (xid, id) skips none; one that pages by id does, and this shows it.
 */
import pg from 'pg';
import { expect, it } from 'vitest';
import { Random } from '../../src/platform/attack/random.ts';
import { describeEngines } from '../support/engines.ts';
import { asOwner, makeTenant } from '../support/tenants.ts';

const writers = 6;
const rounds = 60;
const page_rows = 3;

const scratch = `
  create table plinth.scratch_feed (
    organization_id uuid not null,
    id uuid not null,
    occurred_at timestamptz not null,
    xid xid8 not null,
    constraint scratch_feed_pkey primary key (organization_id, id, occurred_at)
  ) partition by range (occurred_at);
  select plinth.register_table('scratch_feed', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
    partition_by => 'occurred_at');`;

interface Row {
  readonly id: string;
  readonly xid: string;
}

const byHorizon = `select id, xid::text as xid from plinth.scratch_feed
  where organization_id = $1 and xid < pg_snapshot_xmin(pg_current_snapshot()) and (xid, id) > ($2::xid8, $3::uuid)
  order by xid, id limit ${page_rows}`;
const byId = `select id, xid::text as xid from plinth.scratch_feed
  where organization_id = $1 and $2::xid8 is not null and id > $3::uuid order by id limit ${page_rows}`;

/** Reads on from where it was. */
class Reader {
  private readonly client: pg.Client;
  private readonly sql: string;
  private readonly organizationId: string;
  readonly seen: string[] = [];
  private xid = '0';
  private id = '00000000-0000-0000-0000-000000000000';

  constructor(client: pg.Client, sql: string, organizationId: string) {
    this.client = client;
    this.sql = sql;
    this.organizationId = organizationId;
  }

  /** Reads on until it has seen so many: a transaction in any database of the server holds the horizon back. */
  async readUntil(rows: number): Promise<void> {
    await expect.poll(async () => this.readOn().then(() => this.seen.length)).toBeGreaterThanOrEqual(rows);
    await this.readOn();
  }

  async readOn(): Promise<void> {
    for (;;) {
      const { rows } = await this.client.query<Row>(this.sql, [this.organizationId, this.xid, this.id]);
      const last = rows.at(-1);
      if (!last) return;
      this.seen.push(...rows.map((row) => row.id));
      this.xid = last.xid;
      this.id = last.id;
    }
  }
}

describeEngines(
  'readers in order of visibility',
  (on) => {
    async function connect(): Promise<pg.Client> {
      const client = new pg.Client(on.test.url);
      await client.connect();
      await client.query('set role plinth_owner');
      return client;
    }

    it('see nothing above an open transaction, and everything once it has ended', async () => {
      await asOwner(on.engine, scratch);
      const { organizationId } = await makeTenant(on.engine);
      const [slow, quick, reading] = [await connect(), await connect(), await connect()];
      const insert =
        'insert into plinth.scratch_feed (organization_id, id, occurred_at) select $1, plinth.uuidv7(t), t from clock_timestamp() as t returning id';
      try {
        const reader = new Reader(reading, byHorizon, organizationId);
        const naive = new Reader(reading, byId, organizationId);
        await slow.query('begin');
        const [held] = (await slow.query<{ id: string }>(insert, [organizationId])).rows;
        const [committed] = (await quick.query<{ id: string }>(insert, [organizationId])).rows;
        await reader.readOn();
        await naive.readOn();
        expect(reader.seen).toEqual([]);
        expect(naive.seen).toEqual([committed!.id]);
        await slow.query('commit');
        await reader.readUntil(2);
        await naive.readOn();
        expect(reader.seen).toEqual([held!.id, committed!.id]);
        // The other one has lost the row that came late.
        expect(naive.seen).toEqual([committed!.id]);
      } finally {
        await Promise.all([slow, quick, reading].map((client) => client.end()));
      }
    });

    it(`skip nothing and repeat nothing, whatever the order in which ${writers} writers end`, async () => {
      const seed = Number(process.env['PLINTH_HORIZON_SEED'] ?? 1);
      const random = new Random(seed);
      const { organizationId } = await makeTenant(on.engine);
      const clients = await Promise.all(Array.from({ length: writers }, connect));
      const reading = await connect();
      const reader = new Reader(reading, byHorizon, organizationId);
      const naive = new Reader(reading, byId, organizationId);
      const open: string[][] = clients.map(() => []);
      const written: string[] = [];
      try {
        const end = async (n: number) => {
          const commits = random.below(4) > 0;
          await clients[n]!.query(commits ? 'commit' : 'rollback');
          if (commits) written.push(...open[n]!);
          open[n] = [];
        };
        for (let round = 0; round < rounds; round++) {
          const n = random.below(writers);
          if (open[n]!.length > 0 && random.below(2) === 0) await end(n);
          else {
            if (open[n]!.length === 0) await clients[n]!.query('begin');
            const { rows } = await clients[n]!.query<{ id: string }>(
              `insert into plinth.scratch_feed (organization_id, id, occurred_at)
               select $1, plinth.uuidv7(t), t from clock_timestamp() as t returning id`,
              [organizationId],
            );
            open[n]!.push(rows[0]!.id);
          }
          if (random.below(3) === 0) {
            await reader.readOn();
            await naive.readOn();
          }
        }
        for (const n of clients.keys()) if (open[n]!.length > 0) await end(n);
        await reader.readUntil(written.length);
        await naive.readOn();
        expect([...reader.seen].sort(), `PLINTH_HORIZON_SEED=${seed}`).toEqual([...written].sort());
        // Else the schedule would prove nothing.
        expect(naive.seen.length).toBeLessThan(written.length);
      } finally {
        await Promise.all([...clients, reading].map((client) => client.end()));
      }
    });
  },
  { only: ['postgres', 'postgres15'] },
);
