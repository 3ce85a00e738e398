import { readFileSync } from 'node:fs';
import type { SettingType } from './config-types.ts';

/** How tokens may be signed. Nothing symmetric: a verifier's key would sign as well. */
export const tokenAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** Roles that a claim may give; owners are made by owners. */
export const claimableRoles = ['admin', 'member', 'viewer'] as const;
export type ClaimableRole = (typeof claimableRoles)[number];

/** A claim's name, or the path to one inside objects. */
export type ClaimPath = readonly string[];

/** An identity provider whose tokens are accepted. */
export interface TokenIssuer {
  /** Exactly what `iss` must be. */
  readonly issuer: string;
  /** One of them must be in `aud`. */
  readonly audience?: readonly string[];
  /** One of them must be `azp`: for issuers such as Clerk, whose tokens have no audience unless one is added. */
  readonly authorizedParties?: readonly string[];
  readonly jwksUrl: string;
  /** Keys given here instead of fetched. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  readonly algorithms: readonly TokenAlgorithm[];
  /** The organization (id or slug) every token of this issuer is for. */
  readonly organization?: string;
  /** The claim that names it. Without either the caller chooses, as with a session. */
  readonly organizationClaim?: ClaimPath;
  /** What the claim says → our id or slug. With it no other organization is reached. */
  readonly organizations?: ReadonlyMap<string, string>;
  readonly roleClaim?: ClaimPath;
  readonly roles?: ReadonlyMap<string, ClaimableRole>;
  /** The role where the claim is missing or says something else. */
  readonly role?: ClaimableRole;
  /** Whether an unknown subject gets an account at its first call. */
  readonly createUsers: boolean;
  /** Whether `email` is proven though the token has no `email_verified`. */
  readonly trustEmail: boolean;
}

const FILE_BYTES_MAX = 256 * 1024;
const ISSUERS_MAX = 20;

/** PLINTH_JWT_ISSUERS: a JSON list, or the path of a file that holds one. */
export const tokenIssuers: SettingType<readonly TokenIssuer[]> = {
  description: 'a JSON list of issuers, or the path of a file that holds one (docs/guides/external-tokens.md)',
  parse(text) {
    const list = parseJson(text.trimStart().startsWith('[') ? text : readIssuersFile(text));
    if (!Array.isArray(list) || list.length > ISSUERS_MAX) {
      throw new TypeError(`it must be a list of at most ${ISSUERS_MAX} issuers`);
    }
    const issuers = list.map(readIssuer);
    const names = issuers.map(({ issuer }) => issuer);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw new TypeError(`the issuer ${twice} is there twice`);
    return issuers;
  },
};

function readIssuersFile(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > FILE_BYTES_MAX) throw new TypeError(`the file has more than ${FILE_BYTES_MAX} bytes`);
    return text;
  } catch (error) {
    if (error instanceof TypeError) throw error;
    throw new TypeError('it is neither a JSON list nor a file that can be read');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('it is not JSON');
  }
}

type Fields = Readonly<Record<string, unknown>>;

const known = new Set([
  'issuer',
  'audience',
  'authorized_parties',
  'jwks_url',
  'jwks',
  'algorithms',
  'organization',
  'organization_claim',
  'organizations',
  'role_claim',
  'roles',
  'role',
  'create_users',
  'trust_email',
]);

function readIssuer(value: unknown): TokenIssuer {
  if (!isObject(value)) throw new TypeError('each issuer is an object');
  const stranger = Object.keys(value).find((name) => !known.has(name));
  if (stranger !== undefined) throw new TypeError(`an issuer has no field "${stranger.slice(0, 60)}"`);
  const issuer = text(value, 'issuer');
  if (issuer === undefined) throw new TypeError('an issuer needs the field issuer');
  const audience = texts(value, 'audience');
  const authorizedParties = texts(value, 'authorized_parties');
  if (!audience && !authorizedParties) {
    throw new TypeError(`${issuer}: audience (or authorized_parties) is needed, else tokens for others would do here`);
  }
  const role = readRole(text(value, 'role'), issuer);
  const roles = mapOf(value, 'roles', (one) => readRole(one, issuer) as ClaimableRole);
  const roleClaim = claim(value, 'role_claim');
  const organization = text(value, 'organization');
  const organizationClaim = claim(value, 'organization_claim');
  const organizations = mapOf(value, 'organizations', (one) => one);
  if (roleClaim && !roles) throw new TypeError(`${issuer}: role_claim needs roles, what each of its values means here`);
  if (roles && !roleClaim) throw new TypeError(`${issuer}: roles needs role_claim`);
  if (organizations && !organizationClaim) throw new TypeError(`${issuer}: organizations needs organization_claim`);
  if (organization !== undefined && organizationClaim) {
    throw new TypeError(`${issuer}: either organization or organization_claim`);
  }
  if ((role || roles) && organization === undefined && !organizationClaim) {
    throw new TypeError(`${issuer}: roles are given in an organization: organization or organization_claim is needed`);
  }
  const jwks = readJwks(value['jwks'], issuer);
  return {
    issuer,
    jwksUrl: jwks ? '' : readJwksUrl(text(value, 'jwks_url') ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`),
    algorithms: readAlgorithms(texts(value, 'algorithms'), issuer),
    createUsers: flag(value, 'create_users'),
    trustEmail: flag(value, 'trust_email'),
    ...(audience && { audience }),
    ...(authorizedParties && { authorizedParties }),
    ...(jwks && { jwks }),
    ...(organization !== undefined && { organization: organization.toLowerCase() }),
    ...(organizationClaim && { organizationClaim }),
    ...(organizations && { organizations }),
    ...(roleClaim && { roleClaim }),
    ...(roles && { roles }),
    ...(role && { role }),
  };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(from: Fields, name: string): string | undefined {
  const value = from[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '' || value.length > 1000) throw new TypeError(`${name} must be a text`);
  return value;
}

function flag(from: Fields, name: string): boolean {
  const value = from[name] ?? false;
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false`);
  return value;
}

/** One text or several. */
function texts(from: Fields, name: string): readonly string[] | undefined {
  const value = from[name];
  if (value === undefined) return undefined;
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((one): one is string => typeof one === 'string' && one !== '')) {
    throw new TypeError(`${name} must be a text or a list of them`);
  }
  return list;
}

function claim(from: Fields, name: string): ClaimPath | undefined {
  return texts(from, name);
}

function mapOf<T>(from: Fields, name: string, read: (value: string) => T): ReadonlyMap<string, T> | undefined {
  const value = from[name];
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new TypeError(`${name} must be an object of texts`);
  return new Map(
    Object.entries(value).map(([key, one]) => {
      if (typeof one !== 'string') throw new TypeError(`${name} must be an object of texts`);
      return [key, read(one)];
    }),
  );
}

function readRole(value: string | undefined, issuer: string): ClaimableRole | undefined {
  if (value === undefined) return undefined;
  const role = claimableRoles.find((one) => one === value);
  if (!role) throw new TypeError(`${issuer}: a token may give the roles ${claimableRoles.join(', ')}, not "${value}"`);
  return role;
}

function readAlgorithms(value: readonly string[] | undefined, issuer: string): readonly TokenAlgorithm[] {
  return (value ?? tokenAlgorithms).map((name) => {
    const algorithm = tokenAlgorithms.find((one) => one === name);
    if (!algorithm) throw new TypeError(`${issuer}: algorithms are ${tokenAlgorithms.join(', ')}, not "${name}"`);
    return algorithm;
  });
}

function readJwks(value: unknown, issuer: string): TokenIssuer['jwks'] {
  if (value === undefined) return undefined;
  const keys = isObject(value) ? value['keys'] : undefined;
  if (!Array.isArray(keys) || !keys.every(isObject)) throw new TypeError(`${issuer}: jwks must be { "keys": [ … ] }`);
  if (keys.some((key) => 'd' in key || key['kty'] === 'oct')) {
    throw new TypeError(`${issuer}: jwks must hold public keys only`);
  }
  return { keys };
}

function readJwksUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isLocal = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1';
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) || url.username !== '') {
    throw new TypeError(`the JWKS address ${JSON.stringify(value.slice(0, 100))} does not begin with https://`);
  }
  return url.href;
}
