export { type Collection, eventHooks, type NotificationStep, type WantedStep, type WebhookStep } from './actions.ts';
export { eventErrors, type VerificationFailure, verificationError } from './errors.ts';
export { columnTypes } from './extract/coerce.ts';
export { type EventColumns, extractGithub, type GithubColumns, type GithubExtract } from './extract/github.ts';
export { type EventCategory, eventCategories, type GithubColumn, githubColumns } from './extract/github-columns.ts';
export { type HeadCommit, headCommitOf, isSafeRef } from './extract/head-commit.ts';
export { compileFilter } from './filter/evaluate.ts';
export {
  compileSubscription,
  type FilterableEvent,
  filterableEvent,
  matchesSubscription,
  nameMatches,
  type SubscriptionRule,
} from './filter/subscription.ts';
export { formatFilter, parseFilter } from './filter/text.ts';
export { checkFilter, type Filter, FilterSchema } from './filter/tree.ts';
export { type EventOrigin, type Ingested, ingestEvents } from './ingest.ts';
export { valueAt } from './json.ts';
export { eventLimits } from './limits.ts';
export { documentOf, type PendingEvent } from './matching.ts';
export { type EventFields, events_channel, type NewEvent, newEvent } from './new-event.ts';
export { type ReadPayloadOptions, readPayload, type WebhookPayload } from './payload.ts';
export { PLACE, stringAtPlace } from './place.ts';
export { carryOutSteps, matchingLoop, type Processed, processPendingEvents } from './processing.ts';
export {
  type EventDetail,
  type EventFilters,
  type EventRow,
  type JourneyStep,
  listEvents,
  readEvent,
} from './read-events.ts';
export { retryEvent } from './retry.ts';
export {
  type GithubSample,
  type SignedHeaders,
  signGithub,
  signHmac,
  signLinear,
  signSlack,
  signStandardWebhooks,
  signStandardWebhooksAsymmetric,
} from './sample.ts';
export { createSource, prepareSource } from './sources.ts';
export { createSubscription, type NotificationTarget, readSubscription, type WebhookTarget } from './subscriptions.ts';
export { makeTokenBuckets } from './token-buckets.ts';
export { HmacConfiguration } from './verify/hmac.ts';
export { type SchemeName, schemeNames, webhookScheme } from './verify/index.ts';
export type {
  VerificationFailed,
  Verified,
  VerifyInput,
  VerifyResult,
  WebhookHeaders,
  WebhookScheme,
} from './verify/scheme.ts';
