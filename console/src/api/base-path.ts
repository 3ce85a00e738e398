/** The path the console is served at: `/plinth` behind a proxy that shares its host, else empty. */

const inPage = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';

/** Before every path of this server. Vite's development server leaves the placeholder as it is. */
export const basePath = inPage.startsWith('/') ? inPage : '';

/** The path of the address bar as the server knows it, without the base path. */
export function pathInAddress(): string {
  const { pathname } = location;
  if (basePath === '' || !pathname.startsWith(basePath)) return pathname;
  return pathname.slice(basePath.length) || '/';
}
