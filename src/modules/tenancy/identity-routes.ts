import { Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Timestamp } from '../../platform/http/schemas.ts';
import { type FailureThrottle, throttled } from '../../platform/http/throttle.ts';
import type { Access } from './access.ts';
import { requirePerson, withoutTenant } from './account.ts';
import { tokenVerifier } from './external-tokens.ts';
import { closed } from './schemas.ts';
import { tenancyLimits } from './settings.ts';

const Identity = Type.Object({ issuer: Type.String(), subject: Type.String() }, closed);
const IdentityAnswer = Type.Object({ ...Identity.properties, created_at: Timestamp }, closed);
const Token = Type.String({ minLength: 1, maxLength: tenancyLimits.token_chars_max });

/** A person's identities at other providers: linked by whoever shows both a session here and a token from there. */
export function registerIdentityRoutes(routes: RouteRegistrar, access: Access, failures: FailureThrottle): void {
  const { platform, settings } = access;
  const verifier = tokenVerifier(platform, settings.tokenIssuers);
  routes.add({
    method: 'GET',
    url: '/v1/me/identities',
    tag: 'tenancy',
    summary: 'Your identities at other providers',
    permission: 'user',
    response: Type.Object({ data: Type.Array(IdentityAnswer), next_cursor: Type.Null() }, closed),
    mode: 'read',
    run: async (tx, { actor }) => ({
      data: await tx.sql('select * from plinth.identities_of_user($1)', [requirePerson(actor).userId]),
      next_cursor: null,
    }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/me/identities',
    tag: 'tenancy',
    summary: 'Link an identity: its tokens then act as you',
    permission: 'user',
    body: Type.Object({ token: Token }, closed),
    response: Identity,
    handle: ({ actor, body, request, scope }) =>
      throttled(failures, request.ip, async () => {
        const { userId } = requirePerson(actor);
        const { issuer, subject } = await verifier.verify(body.token);
        const [row] = await platform.door.write(withoutTenant(scope), (tx) =>
          tx.sql<{ outcome: string }>('select plinth.link_identity($1, $2, $3, $4) as outcome', [
            issuer.issuer,
            subject,
            userId,
            platform.clock.now(),
          ]),
        );
        if (row?.outcome !== 'linked') {
          throw errors.already_exists({ field: 'token', detail: 'this identity is linked to another account' });
        }
        return { issuer: issuer.issuer, subject };
      }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/me/identities/unlink',
    tag: 'tenancy',
    summary: 'Unlink an identity: its tokens open nothing of yours any more',
    permission: 'user',
    status: 204,
    body: Identity,
    handle: async ({ actor, body, scope }) => {
      const { userId } = requirePerson(actor);
      const [row] = await platform.door.write(withoutTenant(scope), (tx) =>
        tx.sql<{ unlinked: boolean }>('select plinth.unlink_identity($1, $2, $3) as unlinked', [
          body.issuer,
          body.subject,
          userId,
        ]),
      );
      if (!row?.unlinked) throw errors.not_found({ detail: 'no such identity of yours' });
    },
  });
}
