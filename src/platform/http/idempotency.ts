import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Platform } from '../platform.ts';
import type { ScopedTx } from '../scope/door.ts';
import type { Scope } from '../scope/scope.ts';

interface Claimed {
  readonly request_hash_matches: boolean;
  readonly status: number;
  readonly response: string;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The wait for the first request's lock has ended: `plinth.claim_idempotency_key` sets how long it may be. */
const lock_not_available = '55P03';

/**
 * Runs a write once for each Idempotency-Key. The key is claimed in the transaction of the write itself: a second
 * request waits on the unique index until the first has committed and then gets its answer; if the first failed,
 * nothing is kept and the second does the work. There is no state in between to clean up after a crash. Throws
 * `idempotency_in_progress` when the first is not done within two seconds, `idempotency_key_reused` when it was
 * another request.
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
    const [first] = await claim(tx, principal, key, hash);
    if (first) {
      if (!first.request_hash_matches) throw errors.idempotency_key_reused();
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
  reply.code(replayed.status).header('idempotency-replayed', 'true');
  return JSON.parse(replayed.response);
}

/** The first request's answer, or no row: the key is ours. */
async function claim(tx: ScopedTx, principal: string, key: string, hash: Buffer): Promise<Claimed[]> {
  try {
    return await tx.sql<Claimed>('select * from plinth.claim_idempotency_key($1, $2, $3, $4, $5)', [
      tx.organizationId,
      principal,
      key,
      hash,
      limits.idempotency_hours,
    ]);
  } catch (error) {
    if ((error as { code?: unknown }).code !== lock_not_available) throw error;
    throw errors.idempotency_in_progress({ retryAfterSeconds: 1, cause: error });
  }
}
