import type { Platform } from '../../platform/platform.ts';
import type { AttemptResult } from './attempt.ts';
import { tellOf } from './queue.ts';

const results_per_write_max = 200;
const write_attempts_max = 3;
const write_again_ms = 200;

export interface ResultWriter {
  /** Resolves when the result is committed, or was given up: then its lease runs out and it is sent again. */
  add(organizationId: string, result: AttemptResult): Promise<void>;
}

interface Waiting {
  readonly result: AttemptResult;
  readonly done: PromiseWithResolvers<void>;
}

/** Writes down together what comes while the write before is under way, and until `gather` resolves. */
export function makeResultWriter(platform: Platform, lease: string, gather: () => Promise<unknown>): ResultWriter {
  const queues = new Map<string, Waiting[]>();
  const writing = new Set<string>();

  async function drain(organizationId: string): Promise<void> {
    if (writing.has(organizationId)) return;
    writing.add(organizationId);
    for (let queue = queues.get(organizationId); queue && queue.length > 0; ) {
      await gather();
      const batch = queue.splice(0, results_per_write_max);
      await writeResults(
        platform,
        organizationId,
        lease,
        batch.map(({ result }) => result),
      );
      for (const { done } of batch) done.resolve();
    }
    queues.delete(organizationId);
    writing.delete(organizationId);
  }

  return {
    add(organizationId, result) {
      const done = Promise.withResolvers<void>();
      const queue = queues.get(organizationId) ?? [];
      queues.set(organizationId, queue);
      queue.push({ result, done });
      void drain(organizationId);
      return done.promise;
    },
  };
}

async function writeResults(
  platform: Platform,
  organizationId: string,
  lease: string,
  results: readonly AttemptResult[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await finish(platform, organizationId, lease, results);
      return;
    } catch (error) {
      if (attempt >= write_attempts_max) {
        const organization_id = organizationId;
        platform.log.error({ err: error, organization_id }, 'what came of deliveries is lost; they are sent again');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, write_again_ms * attempt));
    }
  }
}

/** Endpoints switched off by it are told of in the same transaction. */
async function finish(
  platform: Platform,
  organizationId: string,
  lease: string,
  results: readonly AttemptResult[],
): Promise<void> {
  await platform.door.write({ as: 'app', organizationId, memberRole: 'service' }, async (tx) => {
    const disabled = await tx.sql<{ endpoint_id: string; reason: string }>(
      'select * from plinth.finish_event_deliveries($1, $2, $3::jsonb, $4)',
      [organizationId, lease, JSON.stringify(results), platform.clock.now()],
    );
    for (const { endpoint_id, reason } of disabled) {
      const [row] = await tx.sql<{ customer: string | null }>(
        'select customer from plinth.event_endpoints where organization_id = $1 and id = $2',
        [organizationId, endpoint_id],
      );
      const payload = { endpoint_id, reason, customer: row?.customer ?? null };
      await tellOf(platform, tx, 'plinth.endpoint.disabled', payload);
    }
  });
}
