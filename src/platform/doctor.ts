import type { SchemaReport } from './migrate/status.ts';
import type { CheckResult } from './module.ts';
import type { Platform } from './platform.ts';

/** Everything `plinth doctor` looks at: the ground here, then the modules' own checks. Only reads. */
export async function runChecks(platform: Platform, schema: SchemaReport): Promise<CheckResult[]> {
  const checks: CheckResult[] = [
    { name: 'engine', status: 'ok', detail: platform.engine.description },
    checkSchema(schema),
    await checkLogins(platform),
    await checkRowSecurity(platform),
    await checkPartitions(platform),
  ];
  for (const module of platform.modules) checks.push(...((await module.checks?.(platform)) ?? []));
  return checks;
}

function checkSchema({ state, because }: SchemaReport): CheckResult {
  if (state === 'current') return { name: 'migrations', status: 'ok', detail: 'the schema is current' };
  return {
    name: 'migrations',
    status: state === 'ahead by one release' ? 'warning' : 'failed',
    detail: `the schema is ${state}: ${because.join(', ')}`,
    hint: state === 'behind' ? 'Run: plinth migrate up' : 'Run the newer release of Plinth.',
  };
}

/** The login requests run as must be neither superuser nor owner: then a missing policy would show nothing, not all. */
async function checkLogins(platform: Platform): Promise<CheckResult> {
  const { engine, config } = platform;
  const name = 'login';
  if (engine.kind === 'pglite') {
    return { name, status: 'ok', detail: 'embedded: each transaction takes the role of requests itself' };
  }
  const { rows } = await engine.pool.query<{
    login: string;
    super: boolean;
    bypass: boolean;
    owner: boolean;
    inherits: boolean;
  }>(
    `select session_user::text as login, r.rolsuper as super, r.rolbypassrls as bypass, r.rolinherit as inherits,
            pg_has_role(session_user, $1, 'member') as owner
     from pg_roles r where r.rolname = session_user`,
    [`${config.rolePrefix}_owner`],
  );
  const { login, super: isSuper, bypass, owner } = rows[0]!;
  const faults = [
    isSuper && 'is a superuser',
    bypass && 'bypasses row level security',
    owner && 'may become the owner',
  ].filter(Boolean);
  if (faults.length === 0) return { name, status: 'ok', detail: `${login}: not the owner, no superuser` };
  return {
    name,
    status: config.environment === 'production' ? 'failed' : 'warning',
    detail: `${login} ${faults.join(', ')}`,
    hint: 'In production requests have a login of their own: plinth migrate bootstrap --print',
  };
}

async function checkRowSecurity(platform: Platform): Promise<CheckResult> {
  const { rows } = await platform.engine.pool.query<{ tables: string; unforced: string[] | null }>(
    `select count(*) as tables, array_agg(relname order by relname) filter (where not (relrowsecurity and relforcerowsecurity)) as unforced
     from pg_class
     where relnamespace = 'plinth'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> 'schema_migrations'`,
  );
  const { tables, unforced } = rows[0]!;
  if (!unforced) return { name: 'row security', status: 'ok', detail: `forced on all ${tables} tables` };
  return {
    name: 'row security',
    status: 'failed',
    detail: `not forced on ${unforced.join(', ')}`,
    hint: 'Every table is registered: select plinth.register_table(…) at the end of its migration.',
  };
}

async function checkPartitions(platform: Platform): Promise<CheckResult> {
  const rows = await platform.door.readOne<{ table_name: string; waiting_rows: string }>(
    { as: 'worker' },
    'select * from plinth.default_partition_rows() where waiting_rows > 0',
  );
  if (rows.length === 0) return { name: 'partitions', status: 'ok', detail: 'no rows wait in a default partition' };
  return {
    name: 'partitions',
    status: 'warning',
    detail: rows.map(({ table_name, waiting_rows }) => `${table_name}: ${waiting_rows} rows wait`).join(', '),
    hint: 'A running worker moves them within the hour; or run: select plinth.ensure_partitions()',
  };
}
