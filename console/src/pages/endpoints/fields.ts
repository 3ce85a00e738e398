import type { Endpoint } from './types.ts';

/** An endpoint as it stands in the form. */
export interface Fields {
  readonly url: string;
  readonly description: string;
  readonly names: string;
  readonly customer: string;
  readonly headers: string;
  readonly dropsHeaders: boolean;
  readonly rate: number | string;
  readonly concurrency: number | string;
  readonly order_by: string;
  readonly timeout_seconds: number | string;
  readonly retries: string;
}

export const fieldNames = [
  'url',
  'description',
  'names',
  'customer',
  'headers',
  'rate_per_second',
  'concurrency_max',
  'order_by',
  'timeout_ms',
  'retry_schedule_seconds',
] as const;

export const fresh: Fields = {
  url: '',
  description: '',
  names: '',
  customer: '',
  headers: '',
  dropsHeaders: false,
  rate: '',
  concurrency: 10,
  order_by: '',
  timeout_seconds: 15,
  retries: '',
};

export function fieldsOf(endpoint: Endpoint): Fields {
  return {
    ...fresh,
    url: endpoint.url,
    description: endpoint.description ?? '',
    names: endpoint.names.join('\n'),
    customer: endpoint.customer ?? '',
    rate: endpoint.rate_per_second ?? '',
    concurrency: endpoint.concurrency_max,
    order_by: endpoint.order_by ?? '',
    timeout_seconds: endpoint.timeout_ms / 1_000,
    retries: endpoint.retry_schedule_seconds?.join(', ') ?? '',
  };
}

const wordsOf = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '');

/** Header lines, "Name: value"; undefined for a line that is none. */
function headersOf(text: string): Record<string, string> | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const pairs = lines.map((line) => /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line)?.slice(1) ?? []);
  if (pairs.some(([name]) => name === undefined)) return undefined;
  return Object.fromEntries(pairs as [string, string][]);
}

type Body = { readonly body: Record<string, unknown>; readonly wrong?: undefined } | { readonly wrong: Wrong };
export type Wrong = Readonly<Record<string, string>>;

/** What is sent, or what can not be: of a new endpoint what is not the default, of a known one all that can be changed. */
export function bodyOf(fields: Fields, { isNew, isPortal }: { isNew: boolean; isPortal: boolean }): Body {
  const headers = headersOf(fields.headers);
  if (headers === undefined) return { wrong: { headers: 'Each line is a name, a colon and a value: X-Team: billing' } };
  const delays = wordsOf(fields.retries).map(Number);
  if (delays.some((delay) => !Number.isInteger(delay))) {
    return { wrong: { retry_schedule_seconds: 'Whole seconds, with commas between: 5, 300, 1800' } };
  }
  const typed = Object.keys(headers).length > 0;
  const own = {
    url: fields.url.trim(),
    description: fields.description.trim() || null,
    names: wordsOf(fields.names),
    ...(fields.dropsHeaders ? { headers: null } : typed ? { headers } : {}),
  };
  if (isPortal) return { body: own };
  return {
    body: {
      ...own,
      ...(isNew && fields.customer.trim() !== '' ? { customer: fields.customer.trim() } : {}),
      rate_per_second: fields.rate === '' ? null : Number(fields.rate),
      concurrency_max: Number(fields.concurrency),
      order_by: fields.order_by.trim() || null,
      timeout_ms: Math.round(Number(fields.timeout_seconds) * 1_000),
      retry_schedule_seconds: delays.length === 0 ? null : delays,
    },
  };
}
