import { errors } from '../../../platform/core/errors.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { connectionErrors } from './errors.ts';
import { connectionLimits } from './limits.ts';

export const captures = ['full', 'redacted', 'none'] as const;
export type Capture = (typeof captures)[number];

/** What a policy may say; null: as the organization's says, or the default. */
export interface PolicyFields {
  readonly content_capture: Capture | null;
  readonly output_tokens_cap: number | null;
  readonly allowed_models: readonly string[] | null;
  readonly when_unreachable: 'refuse' | 'allow' | null;
}

export interface PolicyRow extends PolicyFields {
  readonly id: string;
  readonly project_id: string | null;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** What holds for a call. */
export interface EffectivePolicy {
  readonly content_capture: Capture;
  readonly output_tokens_cap: number;
  /** Undefined: all. */
  readonly allowed_models: readonly string[] | undefined;
  readonly when_unreachable: 'refuse' | 'allow';
}

/** 4,096: models that put out less are no longer offered, and a larger one would be refused by some. */
export const defaultPolicy: EffectivePolicy = {
  content_capture: 'none',
  output_tokens_cap: 4_096,
  allowed_models: undefined,
  when_unreachable: 'refuse',
};

/** A project's word goes before the organization's, field by field. */
export function effectivePolicy(own: PolicyFields | undefined, project: PolicyFields | undefined): EffectivePolicy {
  const pick = <K extends keyof PolicyFields>(name: K) => project?.[name] ?? own?.[name] ?? undefined;
  return {
    content_capture: pick('content_capture') ?? defaultPolicy.content_capture,
    output_tokens_cap: pick('output_tokens_cap') ?? defaultPolicy.output_tokens_cap,
    allowed_models: pick('allowed_models'),
    when_unreachable: pick('when_unreachable') ?? defaultPolicy.when_unreachable,
  };
}

/** Whether a list of names, each of which may end in `*`, has this one. */
export function listCovers(list: readonly string[], name: string): boolean {
  return list.some((one) => one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1))));
}

const columns = `id, project_id, content_capture, output_tokens_cap, allowed_models, when_unreachable, created_by, created_at,
  updated_at`;

/** Policies, newest first, below the id `before`. */
export function listPolicies(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<PolicyRow[]> {
  return tx.sql<PolicyRow>(
    `select ${columns}
     from plinth.gateway_policies
     where organization_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** Throws `not_found`. */
export async function readPolicy(tx: ScopedTx, id: string): Promise<PolicyRow> {
  const [row] = await tx.sql<PolicyRow>(
    `select ${columns} from plinth.gateway_policies where organization_id = $1 and id = $2`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such gateway policy' });
  return row;
}

/** Throws `already_exists` where there is one, `reference_not_found` for a project that is not there, `connections_full`. */
export async function createPolicy(
  tx: ScopedTx,
  input: Partial<PolicyFields> & { readonly project_id?: string | null },
): Promise<PolicyRow> {
  const [{ count } = { count: 0 }] = await tx.sql<{ count: number }>(
    'select count(*)::int as count from plinth.gateway_policies where organization_id = $1',
    [tx.organizationId],
  );
  const { policies_max } = connectionLimits;
  if (count >= policies_max) throw connectionErrors.connections_full({ detail: `The limit is ${policies_max}.` });
  const [made] = await tx.sql<{ id: string }>('select plinth.create_gateway_policy($1, $2::jsonb) as id', [
    tx.organizationId,
    JSON.stringify(input),
  ]);
  return readPolicy(tx, made!.id);
}

/** Changes what is given, null included. Throws `not_found`. */
export async function updatePolicy(tx: ScopedTx, id: string, change: Partial<PolicyFields>): Promise<PolicyRow> {
  const { content_capture, output_tokens_cap, allowed_models, when_unreachable } = {
    ...(await readPolicy(tx, id)),
    ...change,
  };
  const [row] = await tx.sql<PolicyRow>(
    `update plinth.gateway_policies
     set content_capture = $3, output_tokens_cap = $4, allowed_models = $5, when_unreachable = $6
     where organization_id = $1 and id = $2
     returning ${columns}`,
    [tx.organizationId, id, content_capture, output_tokens_cap, allowed_models, when_unreachable],
  );
  if (!row) throw errors.not_found({ detail: 'no such gateway policy' });
  return row;
}

/** Throws `not_found`. */
export async function deletePolicy(tx: ScopedTx, id: string): Promise<void> {
  const rows = await tx.sql('delete from plinth.gateway_policies where organization_id = $1 and id = $2 returning id', [
    tx.organizationId,
    id,
  ]);
  if (rows.length === 0) throw errors.not_found({ detail: 'no such gateway policy' });
}
