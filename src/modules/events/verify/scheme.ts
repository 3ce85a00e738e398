import type { VerificationFailure } from '../errors.ts';
import type { WebhookPayload } from '../payload.ts';

/** Headers as Node gives them; names in any case. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyInput {
  readonly headers: WebhookHeaders;
  /** The body exactly as it arrived: a parsed and re-serialised body fails. */
  readonly rawBody: Buffer;
  /** The current secret and, during a rotation, the previous one; empty ones are ignored. */
  readonly secrets: readonly Buffer[];
  readonly now: Date;
}

export interface Verified {
  readonly ok: true;
  /** Equal for two sends of one event; unique within a source. */
  readonly deduplicationKey: string;
  /**
   * A second key for schemes that do not sign the delivery id: the body's SHA-256. A captured body sent again under a
   * new id has the same one. Null where the first key is signed.
   */
  readonly replayKey: string | null;
  /** The sender's name for what happened, such as `pull_request`. */
  readonly kind: string;
  /** The sender's id of this delivery or event, for display and support. */
  readonly externalId: string | null;
  /** The signed time of sending, where the scheme has one. */
  readonly claimedAt?: Date;
  /** The body, where verification had to read it. */
  readonly payload?: WebhookPayload;
  /** To be answered at once instead of stored (Slack's url_verification). */
  readonly reply?: { readonly challenge: string };
}

export interface VerificationFailed {
  readonly ok: false;
  readonly code: VerificationFailure;
}

export type VerifyResult = Verified | VerificationFailed;

/**
 * How one kind of sender signs. `verify` never throws for what a stranger sends, with one exception: a body that is
 * authentic but cannot be read, where the scheme needs a value from it, throws the error of `readPayload`.
 */
export interface WebhookScheme {
  readonly name: string;
  verify(input: VerifyInput): VerifyResult;
  /** Why this secret cannot be used with the scheme, in a sentence; undefined when it can. Asked when one is set. */
  secretProblem(secret: Buffer): string | undefined;
}
