import { createHash } from 'node:crypto';
import { decodeJwt, type JWTPayload, type JWTVerifyGetKey, errors as joseErrors, jwtVerify } from 'jose';
import { PlinthError } from '../../platform/core/errors.ts';
import type { ClaimableRole, ClaimPath, TokenIssuer } from '../../platform/core/token-issuers.ts';
import { tenancyErrors } from './errors.ts';
import { tenancyLimits as limits } from './settings.ts';
import { issuerKeys, type KeyPlatform } from './token-keys.ts';

/** What a token that holds says, in our words. */
export interface ExternalIdentity {
  readonly issuer: TokenIssuer;
  readonly subject: string;
  /** Proven by the issuer, or made of issuer and subject where it is not. */
  readonly email: string;
  readonly fullName: string;
  /** The id or slug of the organization it is for; null: the issuer names none. Undefined: the claim says nothing to us. */
  readonly organization: string | null | undefined;
  /** Undefined: the issuer gives no roles, or none for what the claim says. */
  readonly role: ClaimableRole | undefined;
}

export interface TokenVerifier {
  /** Whether a bearer token has the shape of a JWT. */
  looksLikeOne(text: string): boolean;
  /** Checks a token whole. Throws `token_refused`, `issuer_unavailable`. */
  verify(token: string): Promise<ExternalIdentity>;
}

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** Checks tokens of the configured issuers: signature, algorithm, issuer, audience and times. */
export function tokenVerifier(platform: KeyPlatform, issuers: readonly TokenIssuer[]): TokenVerifier {
  const byName = new Map<string, { issuer: TokenIssuer; keys: JWTVerifyGetKey }>(
    issuers.map((issuer) => [issuer.issuer, { issuer, keys: issuerKeys(platform, issuer) }]),
  );
  return {
    looksLikeOne: (text) => byName.size > 0 && text.startsWith('ey') && text.includes('.'),
    async verify(token) {
      if (token.length > limits.token_chars_max) throw refused('it is too long');
      if (!COMPACT.test(token)) throw refused('it is no signed token');
      try {
        const claimed = decodeJwt(token).iss;
        const found = typeof claimed === 'string' ? byName.get(claimed) : undefined;
        if (!found) throw refused('its issuer is not one that is accepted here');
        const { payload } = await jwtVerify(token, found.keys, {
          issuer: found.issuer.issuer,
          algorithms: [...found.issuer.algorithms],
          ...(found.issuer.audience && { audience: [...found.issuer.audience] }),
          clockTolerance: limits.token_skew_seconds,
          currentDate: platform.clock.now(),
          requiredClaims: ['exp', 'sub'],
        });
        return identityOf(found.issuer, payload);
      } catch (error) {
        throw error instanceof PlinthError ? error : refused(reasonOf(error));
      }
    },
  };
}

function identityOf(issuer: TokenIssuer, payload: JWTPayload): ExternalIdentity {
  const { sub } = payload;
  if (typeof sub !== 'string' || sub === '' || sub.length > 255 || !sub.isWellFormed() || /\p{Cc}/u.test(sub)) {
    throw refused('its subject is not one');
  }
  const { authorizedParties } = issuer;
  if (authorizedParties && !authorizedParties.includes(String(payload['azp'])))
    throw refused('it was made for another');
  return {
    issuer,
    subject: sub,
    email: provenEmail(issuer, payload) ?? placeholderEmail(issuer.issuer, sub),
    fullName: nameOf(payload['name']),
    organization: organizationOf(issuer, payload),
    role: roleOf(issuer, payload),
  };
}

function organizationOf(issuer: TokenIssuer, payload: JWTPayload): string | null | undefined {
  if (issuer.organization !== undefined) return issuer.organization;
  if (!issuer.organizationClaim) return null;
  const value = claimAt(payload, issuer.organizationClaim);
  if (typeof value !== 'string' || value === '') return undefined;
  const name = issuer.organizations ? issuer.organizations.get(value) : value;
  return name?.toLowerCase();
}

function roleOf(issuer: TokenIssuer, payload: JWTPayload): ClaimableRole | undefined {
  const value = issuer.roleClaim && claimAt(payload, issuer.roleClaim);
  const claimed = typeof value === 'string' ? issuer.roles?.get(value) : undefined;
  return claimed ?? issuer.role;
}

function claimAt(payload: JWTPayload, path: ClaimPath): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** An address that the issuer has not proven is nobody's: it could keep its owner out. */
function provenEmail(issuer: TokenIssuer, payload: JWTPayload): string | undefined {
  const email = payload['email'];
  const verified = payload['email_verified'];
  if (typeof email !== 'string' || email.length > limits.email_chars) return undefined;
  if (verified !== true && !(verified === undefined && issuer.trustEmail)) return undefined;
  const normal = email.trim().normalize('NFC').toLowerCase();
  return /^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u.test(normal) && normal.isWellFormed() ? normal : undefined;
}

/** `.invalid` is reserved (RFC 2606): no mail goes there. */
function placeholderEmail(issuer: string, subject: string): string {
  return `${createHash('sha256').update(`${issuer}\n${subject}`).digest('hex').slice(0, 32)}@external.invalid`;
}

function nameOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  const printable = value
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .trim();
  return [...printable].slice(0, limits.name_chars).join('');
}

const refused = (detail: string) => tenancyErrors.token_refused({ detail });

/** In fixed words: what a token says of itself is not repeated. */
function reasonOf(error: unknown): string {
  if (error instanceof joseErrors.JWTExpired) return 'it has expired';
  if (error instanceof joseErrors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'it is for another audience';
    if (error.claim === 'nbf') return 'it is not valid yet';
    return 'a claim is missing or wrong';
  }
  if (error instanceof joseErrors.JOSEAlgNotAllowed) return 'its algorithm is not accepted';
  if (error instanceof joseErrors.JWKSNoMatchingKey) return 'its key is not among those of its issuer';
  return 'it is not signed by its issuer';
}
