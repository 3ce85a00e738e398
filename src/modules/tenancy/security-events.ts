import type { Platform } from '../../platform/platform.ts';
import { tenancyLimits } from './settings.ts';

export interface SecurityEvent {
  readonly kind: string;
  readonly severity?: 'info' | 'warning' | 'critical';
  readonly organization_id?: string;
  readonly user_id?: string;
  readonly api_key_id?: string;
  readonly request_id?: string;
  readonly ip_address: string;
  /** Never a secret, never the text somebody typed. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface SecurityEventRecorder {
  /** Records a refusal in a transaction of its own, behind the answer. Its failure is logged, not thrown. */
  record(event: SecurityEvent): void;
  /** Resolves when all that was recorded is written. */
  settled(): Promise<void>;
}

/**
 * Records refusals at a bounded rate: one event of a kind from an address every ten seconds, the others are counted in
 * the next one (`details.suppressed`). So whoever guesses fills neither the table nor the connections.
 */
export function securityEventRecorder(platform: Platform): SecurityEventRecorder {
  const sources = new Map<string, { until: number; suppressed: number }>();
  const writes = new Set<Promise<void>>();

  return {
    record(event) {
      const now = platform.clock.now().getTime();
      const source = `${event.kind} ${event.ip_address}`;
      const seen = sources.get(source);
      if (seen && seen.until > now) {
        seen.suppressed++;
        return;
      }
      sources.delete(source);
      if (sources.size >= tenancyLimits.security_event_sources_max) {
        sources.delete(sources.keys().next().value as string);
      }
      sources.set(source, { until: now + tenancyLimits.security_event_interval_ms, suppressed: 0 });
      const details = { ...event.details, ...(seen?.suppressed ? { suppressed: seen.suppressed } : {}) };
      const write = platform.door
        .write({ as: 'app' }, (tx) =>
          tx.sql('select plinth.record_security_event($1)', [JSON.stringify({ ...event, details })]),
        )
        .then(() => undefined)
        .catch((error: unknown) => platform.log.error({ err: error, kind: event.kind }, 'security event not recorded'))
        .finally(() => writes.delete(write));
      writes.add(write);
    },
    async settled() {
      await Promise.all(writes);
    },
  };
}
