/** The nonce under which this page may add styles; the server makes a new one for each page. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}

// where the component library's dialogs lock scrolling they look for it here
Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
