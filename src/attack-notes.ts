/**
 * What the isolation attack (`src/platform/attack`) is told of our own functions: how to call those that take documents,
 * and why some may tell what they tell.
 */
import type { CallSamples } from './platform/attack/index.ts';

/** Each with a row of the attacked organization in it; see `CallSamples` for the placeholders. */
export const callSamples: CallSamples = {
  enqueue_tasks: [
    ['{organization}', '[{"task_type": "attack", "payload": {"n": 1}}]'],
    ['{organization}', '[{"task_type": "attack", "project_id": "{projects.id}"}]'],
    ['{organization}', '[{"task_type": "attack", "repository_id": "{repositories.id}"}]'],
    ['{organization}', '[{"task_type": "attack", "parent_task_id": "{tasks.id}"}]'],
    ['{organization}', '[{"task_type": "attack", "id": "{tasks.id}"}]'],
    ['{organization}', '[{"task_type": "attack", "depends_on": [{"id": "{tasks.id}"}]}]'],
  ],
  add_task_dependencies: [['{organization}', '{tasks.id}', '[{"id": "{tasks.id}"}]']],
  change_tasks: ['cancel', 'retry', 'pause', 'resume'].flatMap((action) => [
    ['{organization}', action, '{"ids": ["{tasks.id}"]}', 'attack', '00000000-0000-0000-0000-000000000000', '10'],
    ['{organization}', action, '{}', 'attack', '00000000-0000-0000-0000-000000000000', '10'],
  ]),
  make_workflow_run: [
    ['{organization}', '{workflow_runs.id}', 'attack', '1', '{workflows.id}', 'attack', '10', '10', '{time}'],
  ],
  cast_vote: [['{organization}', '{approvals.id}', 'approve', 'attack']],
  hold_task: [
    ['{organization}', '{tasks.id}', 'pause'],
    ['{organization}', '{tasks.id}', 'resume'],
  ],
  create_event_source: [
    [
      '{organization}',
      '{"id": "{new}", "name": "attack", "scheme": "github", "token_last4": "abcd", "secret": "x"}',
      '\\x00',
    ],
    [
      '{organization}',
      '{"id": "{new}", "name": "attack", "scheme": "github", "token_last4": "abcd", "secret": "x", "project_id": "{projects.id}"}',
      '\\x00',
    ],
    [
      '{organization}',
      '{"id": "{event_sources.id}", "name": "attack", "scheme": "github", "token_last4": "abcd", "secret": "x"}',
      '\\x00',
    ],
  ],
  ingest_events: [
    [
      '{organization}',
      '{event_sources.id}',
      'github',
      '[{"id": "{new}", "occurred_at": "{time}", "keys": ["attack"], "type": "push", "payload": {}, "payload_bytes": 2, "kind": "push", "github": {}}]',
    ],
    [
      '{organization}',
      '{event_sources.id}',
      'github',
      '[{"id": "{new}", "occurred_at": "{time}", "keys": ["attack"], "type": "push", "payload": {}, "payload_bytes": 2, "kind": "push", "github": {"organization_id": "{organizations.id}"}}]',
    ],
    [
      '{organization}',
      '{event_sources.id}',
      'api',
      '[{"id": "{new}", "occurred_at": "{time}", "keys": ["attack 2"], "type": "push", "payload": {}, "payload_bytes": 2, "kind": "report", "project_id": "{projects.id}", "task_id": "{tasks.id}", "deployment": {"organization_id": "{organizations.id}"}}]',
    ],
  ],
  search_events: [
    ['{organization}', 'push', '{"n": 1}', '{}', '10'],
    [
      '{organization}',
      'organization:{organization}',
      '{"{organization}": {}}',
      '{"project_id": "{projects.id}"}',
      '10',
    ],
  ],
  create_event_endpoint: [
    ['{organization}', '{"id": "{new}", "url": "https://attack.example", "secret": "x"}'],
    ['{organization}', '{"id": "{event_endpoints.id}", "url": "https://attack.example", "secret": "x"}'],
  ],
  update_event_endpoint: [
    ['{organization}', '{event_endpoints.id}', '{"url": "https://attack.example"}'],
    ['{organization}', '{event_endpoints.id}', '{"organization_id": "{organizations.id}", "secret": "x"}'],
  ],
  create_provider_connection: ['{new}', '{provider_connections.id}'].map((id) => [
    '{organization}',
    `{"id": "${id}", "name": "attack", "provider": "openai", "wire": "openai", "base_url": "https://attack.example"}`,
  ]),
  update_provider_connection: [
    ['{organization}', '{provider_connections.id}', '{"name": "attack"}'],
    ['{organization}', '{provider_connections.id}', '{"organization_id": "{organizations.id}", "key": "x"}'],
  ],
  create_gateway_policy: [
    ['{organization}', '{"content_capture": "full"}'],
    ['{organization}', '{"project_id": "{projects.id}"}'],
  ],
  make_event_deliveries: [
    [
      '{organization}',
      '[{"id": "{new}", "endpoint_id": "{event_endpoints.id}", "event_id": "{events.id}", "event_occurred_at": "{time}", "event_type": "attack"}]',
      '{time}',
    ],
  ],
  finish_event_deliveries: [
    [
      '{organization}',
      '{event_deliveries.lease_id}',
      '[{"id": "{event_deliveries.id}", "occurred_at": "{time}", "endpoint_id": "{event_endpoints.id}", "outcome": "failed", "attempt_id": "{new}", "started_at": "{time}", "is_gone": true}]',
      '{time}',
    ],
  ],
  retry_event_deliveries: [
    ['{organization}', '{"ids": ["{event_deliveries.id}"]}', '10', '{time}'],
    ['{organization}', '{"endpoint_id": "{event_endpoints.id}"}', '10', '{time}'],
    ['{organization}', '{}', '10', '{time}'],
  ],
  make_notifications: [
    [
      '{organization}',
      '[{"subscription_id": "{event_subscriptions.id}", "event_id": "{events.id}", "event_occurred_at": "{time}", "event_type": "attack", "title": "attack", "everyone": true}]',
      '{time}',
      '10',
    ],
  ],
  record_cost: [
    [
      '{organization}',
      '{"kind": "call", "call_id": "{cost_calls.call_id}", "provider": "p", "model": "m", "input_tokens": 1, "cached_input_tokens": 0, "cache_write_tokens": 0, "output_tokens": 0, "reasoning_tokens": 0}',
    ],
  ],
  reprice_costs: [
    ['{organization}', '[{"id": "{cost_records.id}", "input_cost": "1", "output_cost": "0", "total_cost": "1"}]'],
  ],
  add_to_batch: [
    ['{organization}', '{event_subscriptions.id}', '[{"id": "{events.id}", "occurred_at": "{time}"}]', '{time}', '10'],
  ],
  read_event_feed: [['{organization}', '0', '{events.id}', '10']],
  create_api_key: [
    [
      '{organization}',
      '{new}',
      '\\x00',
      'pk',
      'abcd',
      '{users.id}',
      'attack',
      'member',
      '{*}',
      '2999-01-01',
      '{users.id}',
      '10',
      '{time}',
    ],
  ],
  add_member: [['{organization}', '{users.id}', 'member', '{time}']],
  claim_membership: [['{organization}', '{users.id}', 'member', '{time}']],
  create_invitation: [
    ['{organization}', '{new}', 'attack@example.org', 'member', '\\x00', '{users.id}', '10', '2999-01-01', '{time}'],
  ],
};

/** By function: what it tells of others, and why it may. */
export const acceptedAnswers: Readonly<Record<string, string>> = {
  credentials_by_email:
    'signing in finds any account by its e-mail address; the route answers the same for one that is not there',
  ensure_user: 'whoever may add members finds or makes an account by its e-mail address',
  add_member: 'whoever may add members adds an account by its id, which only its e-mail address leads to',
  rename_organization: 'slugs are unique in the installation, so a slug that is taken is seen to be taken',
  change_organization: 'slugs are unique in the installation, so a slug that is taken is seen to be taken',
  create_organization: 'slugs are unique in the installation, so a slug that is taken is seen to be taken',
  change_email: 'e-mail addresses are unique in the installation',
  change_username: 'usernames are unique in the installation',
  find_identity: 'finds the account of a token that was checked, and what it is in the organization the token names',
  find_claimed_organization: 'says whether the organization that a checked token names is there',
  create_identity: 'e-mail addresses are unique in the installation; the address is one its issuer has proven',
  link_identity: 'an identity is linked to one person: whoever proves to be it is told that it is taken',
};
