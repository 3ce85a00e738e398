import type pg from 'pg';
import { type Migration, migrationId } from './files.ts';
import { quoteName, roleName, SCHEMA } from './names.ts';

/**
 * What was done to the schema. One row for each time a migration was applied; a row that was rolled back stays.
 * `sequence` is the order in which they ran: it is taken under the lock on this table, so it needs no sequence object.
 */
export interface HistoryRow {
  readonly sequence: number;
  readonly module: string;
  readonly version: number;
  readonly name: string;
  readonly description: string;
  /** `started`: a file without a transaction began and did not (yet) end. */
  readonly status: 'started' | 'applied' | 'rolled_back';
  readonly checksum: string;
  readonly appliedAt: Date;
  /** The login, not the role it took. */
  readonly appliedBy: string;
  readonly programVersion: string;
  /** The oldest program that can work with the schema after this migration. */
  readonly oldestProgramVersion: string;
  readonly durationMs: number | undefined;
  readonly rolledBackAt: Date | undefined;
  readonly rolledBackBy: string | undefined;
}

export const historyTable = `${SCHEMA}.schema_migrations`;

/** Run by bootstrap as the owner. The shape is stable: an older program reads what a newer one wrote. */
export function historyDdl(prefix: string): string {
  const definer = quoteName(roleName(prefix, 'definer'));
  const readers = (['app', 'worker', 'readonly'] as const).map((role) => quoteName(roleName(prefix, role)));
  return `create table ${historyTable} (
  sequence integer not null,
  module text not null,
  version integer not null,
  name text not null,
  description text not null,
  status text not null,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp(),
  applied_by text not null default session_user,
  program_version text not null,
  oldest_program_version text not null,
  duration_ms integer,
  rolled_back_at timestamptz,
  rolled_back_by text,
  constraint schema_migrations_pkey primary key (sequence),
  constraint schema_migrations_status_check check (status in ('started', 'applied', 'rolled_back')),
  constraint schema_migrations_rolled_back_check check ((status = 'rolled_back') = (rolled_back_at is not null))
);

create unique index schema_migrations_live_idx on ${historyTable} (module, version) where status <> 'rolled_back';

grant select on ${historyTable} to ${definer};

create function ${SCHEMA}.applied_migrations()
returns table (module text, version integer, status text, checksum text, oldest_program_version text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  return query
  select m.module, m.version, m.status, m.checksum, m.oldest_program_version
  from ${historyTable} as m
  where m.status <> 'rolled_back';
end
$function$;

comment on function ${SCHEMA}.applied_migrations() is
  'what serve and work compare with their own migrations before they start';

revoke execute on function ${SCHEMA}.applied_migrations() from public;

grant execute on function ${SCHEMA}.applied_migrations() to ${readers.join(', ')}, ${definer};

grant create on schema ${SCHEMA} to ${definer};

alter function ${SCHEMA}.applied_migrations() owner to ${definer};

revoke create on schema ${SCHEMA} from ${definer};`;
}

interface RawRow {
  sequence: number;
  module: string;
  version: number;
  name: string;
  description: string;
  status: HistoryRow['status'];
  checksum: string;
  applied_at: Date;
  applied_by: string;
  program_version: string;
  oldest_program_version: string;
  duration_ms: number | null;
  rolled_back_at: Date | null;
  rolled_back_by: string | null;
}

/** Every row in the order they were written, those rolled back included. The session must be the owner. */
export async function readHistory(client: pg.ClientBase): Promise<HistoryRow[]> {
  const { rows } = await client.query<RawRow>(`select * from ${historyTable} order by sequence`);
  return rows.map((row) => ({
    sequence: row.sequence,
    module: row.module,
    version: row.version,
    name: row.name,
    description: row.description,
    status: row.status,
    checksum: row.checksum,
    appliedAt: row.applied_at,
    appliedBy: row.applied_by,
    programVersion: row.program_version,
    oldestProgramVersion: row.oldest_program_version,
    durationMs: row.duration_ms ?? undefined,
    rolledBackAt: row.rolled_back_at ?? undefined,
    rolledBackBy: row.rolled_back_by ?? undefined,
  }));
}

/** Which program writes the history. */
export interface Program {
  readonly programVersion: string;
  /** The release before this one, which must still work with the new schema; default: none does. */
  readonly oldestProgramVersion?: string;
}

/** Adds a row. The caller holds the lock on the table, else two rows could take one number. */
export async function recordRun(
  client: pg.ClientBase,
  migration: Migration,
  status: 'started' | 'applied',
  program: Program,
  durationMs: number | undefined,
): Promise<void> {
  // Two statements: Citus refuses a bare insert … select where row security is on.
  const { rows } = await client.query<{ next: number }>(
    `select coalesce(max(sequence), 0) + 1 as next from ${historyTable}`,
  );
  await client.query(
    `insert into ${historyTable}
       (sequence, module, version, name, description, status, checksum, program_version, oldest_program_version, duration_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      rows[0]!.next,
      migration.module,
      migration.version,
      migration.name,
      migration.description,
      status,
      migration.up.checksum,
      program.programVersion,
      program.oldestProgramVersion ?? program.programVersion,
      durationMs === undefined ? null : Math.round(durationMs),
    ],
  );
}

/** A file without a transaction reached its end. */
export async function recordFinished(client: pg.ClientBase, migration: Migration, durationMs: number): Promise<void> {
  const result = await client.query(
    `update ${historyTable}
     set status = 'applied', checksum = $3, duration_ms = $4
     where module = $1 and version = $2 and status = 'started'`,
    [migration.module, migration.version, migration.up.checksum, Math.round(durationMs)],
  );
  if (result.rowCount !== 1) throw new Error(`the history lost its row for ${migrationId(migration)}`);
}

export async function recordRolledBack(client: pg.ClientBase, sequence: number, at: Date): Promise<void> {
  const result = await client.query(
    `update ${historyTable}
     set status = 'rolled_back', rolled_back_at = $2, rolled_back_by = session_user
     where sequence = $1 and status <> 'rolled_back'`,
    [sequence, at],
  );
  if (result.rowCount !== 1) throw new Error(`the history lost its row ${sequence}`);
}
