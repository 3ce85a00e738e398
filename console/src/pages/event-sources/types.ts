import { basePath } from '../../api/base-path.ts';

export interface EventSource {
  readonly id: string;
  readonly name: string;
  readonly scheme: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly project_id: string | null;
  readonly token_last4: string;
  readonly previous_secret_expires_at: string | null;
  readonly is_active: boolean;
  readonly created_at: string;
}

/** In a list. */
export interface ListedSource extends EventSource {
  readonly has_received: boolean;
  readonly last_received_at: string | null;
}

/** The answer to making one, and to a new secret; a repeated one has neither. */
export interface SourceShownOnce extends EventSource {
  readonly hook_path?: string;
  readonly secret?: string;
}

export interface SourceHealth {
  readonly has_received: boolean;
  readonly last_received_at: string | null;
  readonly refused: readonly { readonly occurred_at: string; readonly code: string }[];
}

export const touchedBySources = ['/v1/event-sources'];

/** What a sender posts to; the API knows the path below the server's address. */
export const hookAddress = (path: string): string => `${location.origin}${basePath}${path}`;

interface Scheme {
  readonly value: string;
  readonly label: string;
  /** What is to be set up at the sender. */
  readonly setup: string;
  /** Where the secret comes from. */
  readonly secret: string;
}

const ours = 'Leave it empty, and a strong one is made.';

export const schemes: readonly Scheme[] = [
  {
    value: 'github',
    label: 'GitHub',
    setup:
      'In the settings of the repository or organization, under Webhooks, paste the address as payload URL, choose application/json as content type, and paste the secret.',
    secret: ours,
  },
  {
    value: 'slack',
    label: 'Slack',
    setup:
      'In your app, under Event Subscriptions, paste the address as request URL (Slack asks it a question, which is answered), then choose the bot events.',
    secret: "Slack makes it: the signing secret on the app's page Basic Information.",
  },
  {
    value: 'linear',
    label: 'Linear',
    setup: 'In Settings, API, Webhooks, make a webhook with the address and choose what it tells of.',
    secret:
      'Linear makes it: the signing secret of the webhook. If you do not have it yet, put it in afterwards, by a new secret.',
  },
  {
    value: 'standard_webhooks',
    label: 'Standard Webhooks',
    setup: 'For senders that sign by standardwebhooks.com, Plinth among them: make an endpoint there with the address.',
    secret: `The sender's, which begins with whsec_ (or whpk_, a public key). ${ours}`,
  },
  {
    value: 'deployment',
    label: 'Deployment reports',
    setup: 'Let your pipeline post its reports to the address, signed with a library of Standard Webhooks.',
    secret: ours,
  },
  {
    value: 'hmac',
    label: 'Another sender (HMAC)',
    setup:
      'For senders that sign the body with HMAC: paste the address there, and say below where the signature stands.',
    secret: `The sender's, if it makes one. ${ours}`,
  },
];

export const schemeOf = (value: string): Scheme =>
  schemes.find((one) => one.value === value) ?? { value, label: value.replaceAll('_', ' '), setup: '', secret: '' };
