/**
 * Writes to the embedded engine as fast as it can and prints the number of each row once it was acknowledged, until it
 * is killed. Two tables in one transaction, so that a torn one shows.
 */
import { writeSync } from 'node:fs';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';

const [dataDir, firstText] = process.argv.slice(2);
const engine = await openPglite({ dataDir: dataDir! });
await engine.pool.query('create table if not exists a (n int constraint a_pkey primary key, text text)');
await engine.pool.query('create table if not exists b (n int constraint b_pkey primary key)');
writeSync(1, 'ready\n');
for (let n = Number(firstText); ; n++) {
  const client = await engine.pool.connect();
  await client.query('begin');
  await client.query('insert into a values ($1, $2)', [n, 'x'.repeat(n % 3_000)]);
  await client.query('insert into b values ($1)', [n]);
  await client.query('commit');
  client.release();
  writeSync(1, `${n}\n`);
}
