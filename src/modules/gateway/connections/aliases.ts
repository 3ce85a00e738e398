import { errors } from '../../../platform/core/errors.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { connectionErrors } from './errors.ts';
import { connectionLimits } from './limits.ts';

export interface TargetInput {
  readonly connection_id: string;
  readonly model: string;
  readonly priority?: number;
  readonly weight?: number;
}

export interface AliasRow {
  readonly id: string;
  readonly alias: string;
  readonly description: string;
  readonly is_active: boolean;
  readonly targets: readonly Required<TargetInput>[];
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export interface AliasInput {
  readonly alias?: string;
  readonly description?: string;
  readonly is_active?: boolean;
  /** All of them: those there were are replaced. */
  readonly targets?: readonly TargetInput[];
}

const fromAliases = `select a.id, a.alias, a.description, a.is_active, a.created_by, a.created_at, a.updated_at,
    coalesce((
      select jsonb_agg(jsonb_build_object('connection_id', t.connection_id, 'model', t.model, 'priority', t.priority,
        'weight', t.weight) order by t.priority, t.id)
      from plinth.model_alias_targets t
      where t.organization_id = a.organization_id and t.alias_id = a.id), '[]') as targets
  from plinth.model_aliases a
  where a.organization_id = $1`;

/** Aliases with what is behind them, newest first, below the id `before`. */
export function listAliases(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<AliasRow[]> {
  return tx.sql<AliasRow>(`${fromAliases} and ($2::uuid is null or a.id < $2) order by a.id desc limit $3`, [
    tx.organizationId,
    before,
    rowsMax,
  ]);
}

/** Throws `not_found`. */
export async function readAlias(tx: ScopedTx, id: string): Promise<AliasRow> {
  const [row] = await tx.sql<AliasRow>(`${fromAliases} and a.id = $2`, [tx.organizationId, id]);
  if (!row) throw errors.not_found({ detail: 'no such model alias' });
  return row;
}

/** Throws `connections_full`, `already_exists`, `unknown_connection`, `invalid_value`. */
export async function createAlias(
  tx: ScopedTx,
  {
    alias,
    description = '',
    is_active = true,
    targets,
  }: AliasInput & { alias: string; targets: readonly TargetInput[] },
): Promise<AliasRow> {
  const [{ count } = { count: 0 }] = await tx.sql<{ count: number }>(
    'select count(*)::int as count from plinth.model_aliases where organization_id = $1',
    [tx.organizationId],
  );
  const { aliases_max } = connectionLimits;
  if (count >= aliases_max) throw connectionErrors.connections_full({ detail: `The limit is ${aliases_max}.` });
  const [row] = await tx.sql<{ id: string }>(
    `insert into plinth.model_aliases (organization_id, alias, description, is_active)
     values ($1, $2, $3, $4)
     returning id`,
    [tx.organizationId, alias, description, is_active],
  );
  await putTargets(tx, row!.id, targets);
  return readAlias(tx, row!.id);
}

/** Throws `not_found`, `already_exists`, `unknown_connection`, `invalid_value`. */
export async function updateAlias(tx: ScopedTx, id: string, change: AliasInput): Promise<AliasRow> {
  const { alias, description, is_active } = { ...(await readAlias(tx, id)), ...change };
  await tx.sql(
    'update plinth.model_aliases set alias = $3, description = $4, is_active = $5 where organization_id = $1 and id = $2',
    [tx.organizationId, id, alias, description, is_active],
  );
  if (change.targets) await putTargets(tx, id, change.targets);
  return readAlias(tx, id);
}

async function putTargets(tx: ScopedTx, aliasId: string, targets: readonly TargetInput[]): Promise<void> {
  const places = new Set(targets.map(({ connection_id, model }) => `${connection_id} ${model}`));
  if (places.size < targets.length) {
    throw errors.invalid_value({ field: 'targets', detail: 'a model of a connection is named twice' });
  }
  const wanted = [...new Set(targets.map(({ connection_id }) => connection_id))];
  const known = await tx.sql('select id from plinth.provider_connections where organization_id = $1 and id = any($2)', [
    tx.organizationId,
    wanted,
  ]);
  if (known.length < wanted.length) throw connectionErrors.unknown_connection({ field: 'targets' });
  await tx.sql('delete from plinth.model_alias_targets where organization_id = $1 and alias_id = $2', [
    tx.organizationId,
    aliasId,
  ]);
  for (const { connection_id, model, priority = 0, weight = 1 } of targets) {
    await tx.sql(
      `insert into plinth.model_alias_targets (organization_id, alias_id, connection_id, model, priority, weight)
       values ($1, $2, $3, $4, $5, $6)`,
      [tx.organizationId, aliasId, connection_id, model, priority, weight],
    );
  }
}

/** Throws `not_found`. */
export async function deleteAlias(tx: ScopedTx, id: string): Promise<void> {
  const rows = await tx.sql('delete from plinth.model_aliases where organization_id = $1 and id = $2 returning id', [
    tx.organizationId,
    id,
  ]);
  if (rows.length === 0) throw errors.not_found({ detail: 'no such model alias' });
}
