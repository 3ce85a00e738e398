import { errors } from '../../../platform/core/errors.ts';
import { uuidv7 } from '../../../platform/core/ids.ts';
import { type Actor, nameCovers, type Policy } from '../../../platform/http/actor.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import { externalTypes, isDeclared } from '../enqueue.ts';
import { taskErrors } from '../errors.ts';
import type { ExternalWorker } from './engine.ts';
import { externalLimits } from './limits.ts';

export const work_permission = 'tasks:work';

export interface Registered {
  readonly id: string;
  readonly lease_seconds: number;
  readonly heartbeat_seconds: number;
  /** Those that are not defined have no tasks: no definition of the organization names them. */
  readonly task_types: { readonly task_type: string; readonly is_defined: boolean }[];
}

export interface NewWorker {
  readonly name?: string;
  readonly task_types: readonly string[];
  readonly lease_seconds?: number;
}

/**
 * Registers a worker under the key of the request. Throws `forbidden` without a key, or for types its scopes leave out,
 * `task_type_not_external` for types this program runs itself, `too_many_task_workers`.
 */
export async function registerWorker(
  platform: Platform,
  policy: Policy,
  tx: ScopedTx,
  actor: Actor,
  input: NewWorker,
): Promise<Registered> {
  const key = keyOf(tx.scope);
  const types = [...new Set(input.task_types)].sort();
  assertNames(policy, actor, types);
  const own = types.filter((type) => isDeclared(platform, type));
  if (own.length > 0) {
    throw taskErrors.task_type_not_external({
      field: 'body/task_types',
      detail: `this program runs ${own.join(', ')} itself`,
    });
  }
  const id = uuidv7(platform.clock.now());
  const leaseSeconds = input.lease_seconds ?? externalLimits.lease_seconds_default;
  const [row] = await tx.sql<{ registered: boolean }>(
    'select plinth.register_external_worker($1, $2, $3, $4, $5::text[], $6, $7) as registered',
    [tx.organizationId, id, key, input.name ?? '', types, leaseSeconds, externalLimits.workers_max],
  );
  if (!row?.registered) {
    throw taskErrors.too_many_task_workers({ detail: `the limit is ${externalLimits.workers_max}` });
  }
  const defined = await externalTypes(tx, types);
  return {
    id,
    lease_seconds: leaseSeconds,
    heartbeat_seconds: leaseSeconds / externalLimits.heartbeats_per_lease,
    task_types: types.map((task_type) => ({
      task_type,
      is_defined: defined.some((one) => one.task_type === task_type),
    })),
  };
}

function keyOf({ apiKeyId }: Scope): string {
  if (apiKeyId !== undefined) return apiKeyId;
  throw errors.forbidden({
    detail: 'a worker needs an API key',
    hint: `Make one with the scope ${work_permission}, or ${work_permission}:<task type>.`,
  });
}

function assertNames(policy: Policy, actor: Actor, types: readonly string[]): void {
  const names = policy.namesOf(actor, work_permission);
  if (!names) return;
  const others = types.filter((type) => !names.some((name) => nameCovers(name, type)));
  if (others.length === 0) return;
  throw errors.forbidden({
    detail: `the key is for tasks of ${names.join(', ')}, not for ${others.join(', ')}`,
    hint: `Use a key with the scope ${work_permission}, or with one for each type.`,
  });
}

/**
 * The worker of an id, which is hereby alive, under the key it registered with. Throws `task_worker_unknown`.
 */
export async function seeWorker(
  platform: Platform,
  scope: Scope,
  id: string,
  { stopped = false } = {},
): Promise<ExternalWorker> {
  const key = keyOf(scope);
  return platform.door.write(scope, async (tx) => {
    const [row] = await tx.sql<{ task_types: string[]; lease_seconds: number }>(
      'select task_types, lease_seconds from plinth.see_external_worker($1, $2, $3, $4)',
      [tx.organizationId, id, key, stopped],
    );
    if (!row) throw taskErrors.task_worker_unknown();
    return { id, organizationId: tx.organizationId, taskTypes: row.task_types, leaseSeconds: row.lease_seconds };
  });
}
