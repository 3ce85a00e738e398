import type pg from 'pg';

/** Enters the scope and runs one reading statement in one transaction. */
export async function pipelinedRead<R>(
  client: pg.ClientBase,
  context: string,
  text: string,
  values: readonly unknown[],
): Promise<R[]> {
  await client.query('begin read only');
  try {
    await client.query('select plinth.enter($1, true)', [context]);
    const { rows } = await client.query(text, values as unknown[]);
    return rows as R[];
  } finally {
    await client.query('commit');
  }
}
