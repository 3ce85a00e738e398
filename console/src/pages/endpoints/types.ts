export interface Health {
  readonly circuit: 'closed' | 'open' | 'half_open';
  readonly open_until: string | null;
  readonly paused_until: string | null;
  readonly failure_count: number;
  readonly failing_since: string | null;
  readonly last_success_at: string | null;
  readonly last_failure_at: string | null;
  readonly last_error: string | null;
}

export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly description: string | null;
  readonly customer: string | null;
  readonly names: readonly string[];
  readonly header_names: readonly string[];
  readonly previous_secret_expires_at: string | null;
  readonly timeout_ms: number;
  readonly rate_per_second: number | null;
  readonly concurrency_max: number;
  readonly order_by: string | null;
  readonly retry_schedule_seconds: readonly number[] | null;
  readonly jitter_percent: number;
  readonly is_active: boolean;
  readonly disabled_reason: 'user' | 'gone' | 'failing' | null;
  readonly disabled_at: string | null;
  readonly health: Health;
  readonly created_at: string;
}

/** The answer that shows the secret, this once. */
export interface EndpointShownOnce extends Endpoint {
  readonly secret?: string;
}

/** Deliveries made in a time, by how they stand now. */
export interface DeliveryCount {
  readonly at: string | null;
  readonly endpoint_id: string | null;
  readonly deliveries: number;
  readonly delivered: number;
  readonly dead: number;
  readonly waiting: number;
}

export interface DeliveryCounts {
  readonly since: string;
  readonly until: string;
  readonly data: readonly DeliveryCount[];
}

const offReasons = {
  user: 'switched off by hand',
  gone: 'switched off: it answered 410',
  failing: 'switched off: nothing but failures for five days',
} as const;

/** How an endpoint stands, in a word for a badge and in words. */
export function stateOf({ is_active, disabled_reason, health }: Endpoint): { word: string; says: string } {
  if (!is_active) return { word: 'off', says: offReasons[disabled_reason ?? 'user'] };
  if (health.circuit === 'open') return { word: 'circuit open', says: 'nothing is sent for a while: it kept failing' };
  if (health.circuit === 'half_open') return { word: 'on trial', says: 'one delivery is out to try' };
  if (health.failing_since !== null) return { word: 'failing', says: 'the last attempt failed' };
  return { word: 'active', says: 'deliveries are sent' };
}

export const stateTones = {
  active: 'good',
  failing: 'waiting',
  'on trial': 'waiting',
  'circuit open': 'bad',
  off: 'off',
} as const satisfies Record<string, 'good' | 'bad' | 'waiting' | 'off'>;
