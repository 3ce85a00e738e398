import { isUuid } from '../../platform/core/ids.ts';
import type { Platform } from '../../platform/platform.ts';
import { deliveryErrors } from './errors.ts';

const prefix = 'plp';
/** A sealed customer and time are about 250 characters. */
const token_chars_max = 1_000;

/** What a portal token lets its holder do: everything with this customer's endpoints, until then. */
export interface PortalPass {
  readonly organizationId: string;
  readonly customer: string;
  readonly expiresAt: Date;
}

const contextOf = (organizationId: string) => ({
  organizationId,
  table: 'event_endpoints',
  column: 'portal_token',
  rowId: organizationId,
});

/**
 * A token that lets whoever has it act for one customer: sealed by the organization's key and kept nowhere, so it lasts
 * until its time and cannot be taken back.
 */
export async function makePortalToken(platform: Platform, pass: PortalPass): Promise<string> {
  const { organizationId, customer, expiresAt } = pass;
  const text = JSON.stringify({ customer, expires_at: expiresAt.toISOString() });
  const sealed = await platform.keyring.seal(contextOf(organizationId), text);
  return `${prefix}_${organizationId}_${sealed}`;
}

/** Throws `portal_link_invalid`: one answer for all that is wrong with a token. */
export async function readPortalToken(platform: Platform, authorization: string | undefined): Promise<PortalPass> {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  const [kind, organizationId, sealed] = token.length <= token_chars_max ? split(token) : [];
  if (kind !== prefix || !isUuid(organizationId) || !sealed) throw deliveryErrors.portal_link_invalid();
  const text = await platform.keyring.open(contextOf(organizationId), sealed).catch((error: { code?: unknown }) => {
    if (error.code === 'decryption_failed') throw deliveryErrors.portal_link_invalid();
    throw error;
  });
  const { customer, expires_at } = JSON.parse(text.toString()) as { customer: string; expires_at: string };
  const expiresAt = new Date(expires_at);
  if (expiresAt <= platform.clock.now()) throw deliveryErrors.portal_link_invalid();
  const [organization] = await platform.door.readOne(
    { as: 'app', organizationId, memberRole: 'service' },
    'select 1 as one from plinth.organizations where id = $1 and deleted_at is null',
    [organizationId],
  );
  if (!organization) throw deliveryErrors.portal_link_invalid();
  return { organizationId, customer, expiresAt };
}

/** The sealed part holds the separator too. */
function split(token: string): (string | undefined)[] {
  const [kind, organizationId, ...rest] = token.split('_');
  return [kind, organizationId, rest.join('_')];
}
