import { basePath, pathInAddress } from '../api/base-path.ts';

/** The organization is part of each address: /o/<slug>/…; pages below know nothing of it. */

const ORGANIZATION_PATH = /^\/o\/([a-z0-9][a-z0-9-]{0,99})(?=\/|$)/;

/** Where one chooses, makes or recovers an organization. */
export const choosePath = '/choose';

/** Leaves the page for another of this server: nothing of the one before stays in memory. */
export function goTo(path: string): void {
  location.assign(basePath + path);
}

/** The slug in the address bar, or undefined outside any organization. */
export function organizationInAddress(pathname: string = pathInAddress()): string | undefined {
  return ORGANIZATION_PATH.exec(pathname)?.[1];
}

/** What all paths of an organization's pages begin with, in the address bar. */
export function basenameOf(slug: string): string {
  return `${basePath}/o/${slug}`;
}

/** Goes to another organization: a new page, so that nothing of the one before stays in memory. */
export function goToOrganization(slug: string, path = '/'): void {
  location.assign(basenameOf(slug) + path);
}

/**
 * The token of a one-time link, taken out of the address bar and the history at once. The fragment never reaches a
 * server's log.
 */
export function takeLinkToken(): string | undefined {
  const token = /^#(pl[a-z]_[A-Za-z0-9_-]+)$/.exec(location.hash)?.[1];
  if (token !== undefined) history.replaceState(null, '', location.pathname + location.search);
  return token;
}
