export const deliveryStatuses = ['pending', 'sending', 'delivered', 'dead'] as const;

export interface Delivery {
  readonly id: string;
  readonly occurred_at: string;
  readonly endpoint_id: string;
  readonly subscription_id: string | null;
  readonly event_id: string;
  readonly event_type: string;
  readonly customer: string | null;
  readonly is_test: boolean;
  readonly ordering_key: string | null;
  readonly status: (typeof deliveryStatuses)[number];
  readonly attempts: number;
  readonly due_at: string | null;
  readonly last_attempt_at: string | null;
  readonly last_status_code: number | null;
  readonly last_error: string | null;
  readonly ended_at: string | null;
}

export interface Attempt {
  readonly id: string;
  readonly occurred_at: string;
  readonly attempt: number;
  readonly outcome: 'delivered' | 'failed' | 'lost';
  readonly status_code: number | null;
  readonly error_code: string | null;
  readonly error: string | null;
  readonly latency_ms: number | null;
  readonly response_excerpt: string | null;
  readonly retry_at: string | null;
}

export interface DeliveryDetail extends Delivery {
  readonly attempt_log: readonly Attempt[];
}

export const hasEnded = ({ status }: Delivery): boolean => status === 'delivered' || status === 'dead';
