import type { FastifyRequest } from 'fastify';
import { errors } from '../core/errors.ts';
import type { ModuleDefinition, OrganizationRole, PermissionDeclaration } from '../module.ts';
import type { Scope } from '../scope/scope.ts';

/** Who is behind a request, as an authenticator found out. */
export interface Actor {
  readonly kind: 'user' | 'api_key';
  readonly userId?: string;
  /** Platform-wide role of the user. */
  readonly platformRole?: 'user' | 'admin' | 'superuser';
  /** The tenant of this request; absent for a signed-in user outside any organization. */
  readonly organizationId?: string;
  readonly memberRole?: OrganizationRole;
  readonly apiKeyId?: string;
  readonly sessionId?: string;
  /** What an API key is cut down to; a session has `*`. */
  readonly scopes: readonly string[];
  /** Set for cookie sessions: such requests pass the Origin check when they write. */
  readonly viaCookie?: boolean;
}

/**
 * Finds the actor of a request, or undefined when the credentials are not of its kind. Throws `unauthenticated`. What is
 * known already is returned as it is: a promise for each read is one of the things it would wait for.
 */
export type Authenticator = (request: FastifyRequest) => Actor | undefined | Promise<Actor | undefined>;

/** The database scope of an actor's request. */
export function scopeOf(actor: Actor | undefined, request: { id: string; ip: string }): Scope {
  const scope: { -readonly [K in keyof Scope]: Scope[K] } = {
    as: 'app',
    requestId: request.id,
    ipAddress: request.ip,
  };
  if (actor?.organizationId) scope.organizationId = actor.organizationId;
  if (actor?.userId) scope.userId = actor.userId;
  if (actor?.memberRole) scope.memberRole = actor.memberRole;
  if (actor?.apiKeyId) scope.apiKeyId = actor.apiKeyId;
  return scope;
}

export interface Policy {
  /** Throws `unauthenticated`, `organization_required` or `forbidden` unless the actor has the permission. */
  require(actor: Actor | undefined, permission: string): asserts actor is Actor;
  /** Whether the actor's key, if it is one, is not cut down below the permission. */
  inScopes(actor: Actor, permission: string): boolean;
  /** The names, or beginnings of names (`mail.*`), that the actor's key is cut down to; undefined: it is not. */
  namesOf(actor: Actor, permission: string): readonly string[] | undefined;
  readonly permissions: ReadonlyMap<string, PermissionDeclaration>;
}

/** One table of permissions from all modules: role × permission, cut down by an API key's scopes. */
export function makePolicy(modules: readonly ModuleDefinition[]): Policy {
  const permissions = new Map<string, PermissionDeclaration>();
  for (const module of modules) {
    for (const [name, declaration] of Object.entries(module.permissions ?? {})) {
      if (permissions.has(name)) throw new Error(`the permission ${name} is declared twice`);
      permissions.set(name, declaration);
    }
  }
  const inScopes = (actor: Actor, permission: string): boolean =>
    actor.scopes.some((scope) => scopeCovers(scope, permission));
  return {
    permissions,
    inScopes,
    namesOf(actor, permission) {
      const covering = actor.scopes.filter((scope) => scopeCovers(scope, permission)).map(partsOfScope);
      const names = covering.flatMap(({ name }) => (name === undefined ? [] : [name]));
      return names.length < covering.length ? undefined : names;
    },
    require(actor, permission) {
      if (!actor) throw errors.unauthenticated();
      if (!actor.organizationId) throw errors.organization_required();
      const declaration = permissions.get(permission);
      if (!declaration) throw new Error(`no module declares the permission ${permission}`);
      const allowed = actor.memberRole !== undefined && declaration.roles.includes(actor.memberRole);
      if (!allowed || !inScopes(actor, permission))
        throw errors.forbidden({ detail: `permission ${permission} is needed` });
    },
  };
}

/**
 * Whether a key's scope (`*`, `projects:*`, `*:read`, `projects:read`) covers a permission (`projects:read`), if only for
 * some names (`tasks:work:mail.*`).
 */
export function scopeCovers(scope: string, permission: string): boolean {
  if (scope === '*' || scope === permission) return true;
  const own = partsOfScope(scope);
  const asked = partsOfScope(permission);
  return (own.noun === '*' || own.noun === asked.noun) && (own.verb === '*' || own.verb === asked.verb);
}

/** `noun:verb`, and what stands after it: names may hold colons. */
export function partsOfScope(scope: string): { noun: string; verb: string | undefined; name: string | undefined } {
  const [noun = '', verb, ...names] = scope.split(':');
  return { noun, verb, name: names.length > 0 ? names.join(':') : undefined };
}

/** Whether a name, or a beginning of names, is what another says (`mail.send`, `mail.*`), or part of it. */
export function nameCovers(outer: string, inner: string): boolean {
  return outer === inner || (outer.endsWith('*') && inner.startsWith(outer.slice(0, -1)));
}
