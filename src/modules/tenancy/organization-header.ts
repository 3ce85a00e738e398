import type { FastifyRequest } from 'fastify';
import { isUuid } from '../../platform/core/ids.ts';

export type WantedOrganization =
  | { readonly id: string; readonly slug?: never }
  | { readonly slug: string; readonly id?: never };

/** The organization named in `Plinth-Organization`, by its id or its slug; undefined when none is named. */
export function wantedOrganization(request: Pick<FastifyRequest, 'headers'>): WantedOrganization | undefined {
  const header = request.headers['plinth-organization'];
  if (header === undefined || header === '') return undefined;
  // a header sent twice is joined by a comma and so is no slug
  const text = String(header).trim().toLowerCase();
  return isUuid(text) ? { id: text } : { slug: text };
}
