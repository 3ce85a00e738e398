import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Platform } from '../platform.ts';
import type { ScopedTx } from '../scope/door.ts';
import type { Scope } from '../scope/scope.ts';

interface Claimed {
  readonly request_hash_matches: boolean;
  readonly status: number | null;
  readonly response: string | null;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Runs a write once for each Idempotency-Key. The key is claimed in the transaction of the write itself: a second
 * request waits on the unique index until the first has committed and then gets its answer; if the first failed,
 * nothing is kept and the second does the work. There is no state in between to clean up after a crash.
 */
export async function withIdempotency(
  platform: Platform,
  request: FastifyRequest,
  reply: FastifyReply,
  scope: Scope,
  work: (tx: ScopedTx) => Promise<unknown>,
): Promise<unknown> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return platform.door.write(scope, work);
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw errors.invalid_request({
      field: 'Idempotency-Key',
      detail: `Idempotency-Key must be 1 to ${limits.idempotency_key_chars} visible ASCII characters`,
    });
  }
  if (!scope.organizationId) throw errors.organization_required();
  const principal = scope.apiKeyId ?? scope.userId ?? 'service';
  const hash = createHash('sha256')
    .update(`${request.method} ${request.url}\n`)
    .update(JSON.stringify(request.body ?? null))
    .digest();
  let replayed: Claimed | undefined;
  const result = await platform.door.write(scope, async (tx) => {
    const [first] = await tx.sql<Claimed>('select * from plinth.claim_idempotency_key($1, $2, $3, $4, $5)', [
      tx.organizationId,
      principal,
      key,
      hash,
      limits.idempotency_hours,
    ]);
    if (first) {
      if (!first.request_hash_matches) throw errors.idempotency_key_reused();
      if (first.status === null) throw errors.idempotency_in_progress({ retryAfterSeconds: 1 });
      replayed = first;
      return undefined;
    }
    const answer = await work(tx);
    await tx.sql('select plinth.save_idempotent_response($1, $2, $3, $4, $5)', [
      tx.organizationId,
      principal,
      key,
      reply.statusCode,
      JSON.stringify(answer ?? null),
    ]);
    return answer;
  });
  if (!replayed) return result;
  reply.code(replayed.status ?? 200).header('idempotency-replayed', 'true');
  return JSON.parse(replayed.response ?? 'null');
}
