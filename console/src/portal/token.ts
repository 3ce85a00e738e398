const storageKey = 'webhooks.portal';
const TOKEN = /^#(plp_[A-Za-z0-9._-]{1,1000})$/;

/**
 * The token of the link, taken out of the address bar and the history at once; the fragment never reaches a server's log. It
 * is kept in this tab, so that the page can be loaded again; where there is no storage it lasts as long as the page.
 */
export function takeToken(): string | undefined {
  const token = TOKEN.exec(location.hash)?.[1];
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
  try {
    if (token === undefined) return sessionStorage.getItem(storageKey) ?? undefined;
    sessionStorage.setItem(storageKey, token);
  } catch {
    // a frame may be refused storage
  }
  return token;
}

/** One that is over is of no use to anybody. */
export function forgetToken(): void {
  try {
    sessionStorage.removeItem(storageKey);
  } catch {
    // nothing was kept
  }
}
