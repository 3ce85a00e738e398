import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { errors } from '../../../platform/core/errors.ts';
import type { Actor } from '../../../platform/http/actor.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { makeFailureThrottle, throttled } from '../../../platform/http/throttle.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { SettingsReader } from '../connections/index.ts';
import { callLimits } from './limits.ts';
import { unreachable } from './settle.ts';

export const use_permission = 'gateway:use';

/**
 * Who calls: by the key as each SDK sends it, `Authorization: Bearer` or `x-api-key`. No cookie: another site's page could
 * send that. Throws `unauthenticated`, `forbidden`, `rate_limited`.
 */
export function makeCallAuthenticator(routes: RouteRegistrar, platform: Platform, settings: SettingsReader) {
  const failures = makeFailureThrottle(platform.clock);
  const known = new Map<string, { actor: Actor; at: number }>();

  /** Somebody who was let in a while ago, where the policy lets calls through while nobody can be asked. */
  function remembered(credential: string): Actor | undefined {
    const entry = known.get(hashOf(credential));
    if (!entry || platform.clock.now().getTime() - entry.at > callLimits.actor_ms_max) return undefined;
    const policy = settings.lastOf(entry.actor.organizationId ?? '')?.policyOf(undefined);
    return policy?.when_unreachable === 'allow' ? entry.actor : undefined;
  }

  function remember(credential: string, actor: Actor): void {
    const key = hashOf(credential);
    known.delete(key);
    if (known.size >= callLimits.actors_max) known.delete(known.keys().next().value as string);
    known.set(key, { actor, at: platform.clock.now().getTime() });
  }

  return async (request: FastifyRequest): Promise<Actor> => {
    const key = request.headers['x-api-key'];
    if (typeof key === 'string' && !request.headers.authorization) {
      request.headers.authorization = `Bearer ${key}`;
    }
    const credential = request.headers.authorization;
    if (!credential) {
      throw errors.unauthenticated({
        detail: 'no API key was sent',
        hint: 'Give the SDK a key of Plinth as its API key.',
      });
    }
    let actor: Actor | undefined;
    try {
      actor = await throttled(failures, request.ip, () => routes.actorNow(request));
    } catch (error) {
      actor = unreachable(error) ? remembered(credential) : undefined;
      if (!actor) throw error;
    }
    if (!actor || actor.viaCookie) throw errors.unauthenticated();
    routes.policy.require(actor, use_permission);
    remember(credential, actor);
    return actor;
  };
}

const hashOf = (credential: string) => createHash('sha256').update(credential).digest('base64');
