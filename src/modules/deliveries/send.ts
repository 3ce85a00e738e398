import { randomUUID } from 'node:crypto';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { analyzeNewTables } from '../../platform/maintenance.ts';
import type { LoopDeclaration } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { makeBell } from '../../platform/worker/wakeups.ts';
import { type AttemptResult, attemptDelivery, type ClaimedDelivery } from './attempt.ts';
import { deliveryLimits } from './limits.ts';
import { deliveries_channel } from './queue.ts';
import { makeResultWriter } from './results.ts';

/** While requests are under way others become due; a wake-up comes sooner. */
const look_again_ms = 1_000;
/** Where no wake-up comes from other processes, polling is all there is; else a lost hint costs this. */
const idle_ms_unhinted = 1_000;
const idle_ms_max = 60_000;
/**
 * With so many under way others end every moment. Then what ends is gathered for a while, to be written and to make room
 * together: a statement costs more than its rows. With fewer nothing waits, for they may go one after the other.
 */
const busy_min = 16;
const gather_ms = 8;

export interface DeliverOptions {
  /** Takes nothing more when it aborts, and gives what is under way a little time. */
  readonly signal?: AbortSignal;
  /** Jitter. */
  readonly random?: () => number;
  /** Told of each result before it is written down. */
  readonly onResult?: (result: AttemptResult) => void;
}

/**
 * Sends what is due in all organizations until nothing is, and writes down what came of it. Any number of processes may:
 * each holds what it sends under a lease. Returns how many attempts were made.
 */
export async function deliverDue(platform: Platform, options: DeliverOptions = {}): Promise<number> {
  const { signal = new AbortController().signal, random = Math.random, onResult } = options;
  const lease = randomUUID();
  const bell = makeBell();
  const unsubscribe = platform.wakeups.subscribe(deliveries_channel, bell.ring);
  const stop = new AbortController();
  const onAbort = () => {
    bell.ring();
    void setTimeout(deliveryLimits.drain_ms, undefined, { ref: false }).then(() => stop.abort());
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const running = new Map<string, number>();
  let under_way = 0;
  const gather = () => (under_way >= busy_min ? setTimeout(gather_ms) : setImmediate());
  const writer = makeResultWriter(platform, lease, gather);
  let attempts = 0;

  async function send(organizationId: string, delivery: ClaimedDelivery): Promise<void> {
    under_way++;
    running.set(organizationId, (running.get(organizationId) ?? 0) + 1);
    try {
      const result = await attemptDelivery(platform, organizationId, delivery, { signal: stop.signal, random });
      onResult?.(result);
      await writer.add(organizationId, result);
    } finally {
      under_way--;
      running.set(organizationId, running.get(organizationId)! - 1);
      if (running.get(organizationId) === 0) running.delete(organizationId);
      bell.ring();
    }
  }

  try {
    for (;;) {
      const rung = bell.rung(look_again_ms);
      // asked before looking: what ends meanwhile makes room that the look has not seen
      const wasIdle = under_way === 0;
      let claimed = 0;
      if (!signal.aborted && under_way < deliveryLimits.sending_max) {
        for (const { organizationId, deliveries } of await claimDue(platform, lease, running, under_way)) {
          claimed += deliveries.length;
          for (const delivery of deliveries) void send(organizationId, delivery);
        }
      }
      attempts += claimed;
      if (claimed > 0) await analyzeNewTables(platform);
      if (wasIdle && claimed === 0) return attempts;
      if (claimed === 0 || under_way >= deliveryLimits.sending_max) await rung;
      if (under_way >= busy_min) await gather();
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', onAbort);
  }
}

interface ClaimedOf {
  readonly organizationId: string;
  readonly deliveries: readonly ClaimedDelivery[];
}

/** What is due, as far as there is room, a share for each organization. */
async function claimDue(
  platform: Platform,
  lease: string,
  running: ReadonlyMap<string, number>,
  underWay: number,
): Promise<ClaimedOf[]> {
  const { sending_max, organization_sending_max, organizations_per_round_max } = deliveryLimits;
  const now = platform.clock.now();
  const due = await platform.door.readOne<{ id: string }>(
    { as: 'worker', memberRole: 'service' },
    'select id from plinth.organizations_with_due_deliveries($1, $2) as id',
    [now, organizations_per_round_max],
    { pool: 'worker' },
  );
  const claimed: ClaimedOf[] = [];
  let room = sending_max - underWay;
  for (const { id: organizationId } of due) {
    const rowsMax = Math.min(room, organization_sending_max - (running.get(organizationId) ?? 0));
    if (rowsMax <= 0) continue;
    const deliveries = await platform.door.write({ as: 'app', organizationId, memberRole: 'service' }, (tx) =>
      tx.sql<ClaimedDelivery>('select * from plinth.claim_event_deliveries($1, $2, $3, $4, $5)', [
        organizationId,
        lease,
        now,
        rowsMax,
        deliveryLimits.claimed_payload_bytes_max,
      ]),
    );
    room -= deliveries.length;
    if (deliveries.length > 0) claimed.push({ organizationId, deliveries });
  }
  return claimed;
}

/** Sends what is due; sleeps until the next is, or new ones wake it. */
export const deliveriesLoop: LoopDeclaration = {
  name: deliveries_channel,
  async tick(platform, signal) {
    await deliverDue(platform, { signal });
    const [row] = await platform.door.readOne<{ next: Date | null }>(
      { as: 'worker', memberRole: 'service' },
      'select plinth.next_delivery_due() as next',
      [],
      { pool: 'worker' },
    );
    const { listen, concurrentConnections } = platform.engine.capabilities;
    const idle = listen || !concurrentConnections ? idle_ms_max : idle_ms_unhinted;
    const latest = platform.clock.now().getTime() + idle;
    return new Date(Math.min(row?.next?.getTime() ?? latest, latest));
  },
};
