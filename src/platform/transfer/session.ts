/** Transactions as the owner in which every value has the same text on every engine. */
import type pg from 'pg';
import { errors, PlinthError } from '../core/errors.ts';
import { fromDatabaseError } from '../db/sql-errors.ts';
import { migrationErrors } from '../migrate/errors.ts';
import { quoteText, roleName } from '../migrate/names.ts';

/** Nothing of a value's text is left to the server's or the login's settings. */
function transferSettings(prefix: string): [name: string, value: string][] {
  return [
    ['role', roleName(prefix, 'owner')],
    ['search_path', 'pg_catalog, pg_temp'],
    ['timezone', 'UTC'],
    ['datestyle', 'ISO, YMD'],
    ['intervalstyle', 'postgres'],
    ['extra_float_digits', '3'],
    ['bytea_output', 'hex'],
    ['xmlbinary', 'base64'],
    ['client_encoding', 'UTF8'],
    ['lock_timeout', '10s'],
    ['statement_timeout', '0'],
    ['idle_in_transaction_session_timeout', '0'],
  ];
}

export type TransferMode = 'snapshot' | 'write';

/** Opens a transaction: `snapshot` sees one moment and can not write. Throws `bootstrap_required`, `owner_login_required`. */
export async function begin(client: pg.ClientBase, prefix: string, mode: TransferMode): Promise<void> {
  await client.query(mode === 'snapshot' ? 'begin isolation level repeatable read read only' : 'begin');
  try {
    await client.query(
      transferSettings(prefix)
        .map(([name, value]) => `set local ${name} = ${name === 'search_path' ? value : quoteText(value)}`)
        .join('; '),
    );
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw ownerProblem(error, prefix);
  }
}

/** Runs `work` in a transaction of its own; what it throws rolls back and comes through as an error of the catalogue. */
export async function inTransaction<T>(client: pg.ClientBase, prefix: string, work: () => Promise<T>): Promise<T> {
  await begin(client, prefix, 'write');
  try {
    const result = await work();
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') throw errors.internal({ detail: 'the transaction had failed and was rolled back' });
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw transferProblem(error);
  }
}

/** An error of the catalogue, for whatever a database or a connection threw. */
export function transferProblem(error: unknown): PlinthError {
  return error instanceof PlinthError ? error : fromDatabaseError(error);
}

function ownerProblem(error: unknown, prefix: string): unknown {
  const { code, message } = error as { code?: string; message?: string };
  const detail = `as ${roleName(prefix, 'owner')}: ${message}`;
  if (code === '22023' || code === '42704') return migrationErrors.bootstrap_required({ detail, cause: error });
  if (code === '42501') return migrationErrors.owner_login_required({ detail, cause: error });
  return transferProblem(error);
}
