/** What people who mean harm put where text is expected. None of it may act when a page shows it. */

/** Sets `hacked` on the window if any of it runs; every address in it leads elsewhere. */
export const hostileTexts: readonly string[] = [
  '<script>window.hacked = 1</script>',
  '"><img src=x onerror="window.hacked = 1">',
  '<img src="https://evil.example/pixel.png">',
  '<svg onload="window.hacked = 1"><a xlink:href="javascript:window.hacked = 1">x</a></svg>',
  '<iframe src="https://evil.example/"></iframe><link rel=stylesheet href="//evil.example/a.css">',
  '</title></script><script src="https://evil.example/a.js"></script>',
  '![image](https://evil.example/a.png) [link](javascript:window.hacked=1)',
  '<style>@import "https://evil.example/a.css"; * { background: url(https://evil.example/b) }</style>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  `{{constructor.constructor("window.hacked = 1")()}} \${window.hacked = 1}`,
  'invoice\u202Efdp.exe \u2066hidden\u2069 \u200B\u200Ezero width\uFEFF',
  'bell\u0007 escape\u001B[31m delete\u007F next line\u0085 separators\u2028\u2029',
  '\u05D0\u05D1\u05D2 right to left \u0645\u0631\u062D\u0628\u0627',
  `z\u0300${'\u0301\u0302\u0303'.repeat(60)} stacked`,
  'https://evil.example/%00?<b>bold</b>#"onclick="',
];

export const hostileAddresses: readonly string[] = [
  'javascript:window.hacked=1',
  'JaVaScRiPt:window.hacked=1//https://',
  'data:text/html,<script>window.opener.hacked=1</script>',
  'vbscript:msgbox(1)',
  '//evil.example/a',
  'https://user:secret@evil.example/a?"><script>window.hacked=1</script>',
];

function nested(levels: number): unknown {
  let value: unknown = '<script>window.hacked = 1</script>';
  for (let level = 0; level < levels; level++) value = level % 2 ? { '<b>': value } : [value];
  return value;
}

/** Payloads by what is bad about them. `__proto__` comes from JSON text: as a key of its own. */
export const hostilePayloads: Readonly<Record<string, unknown>> = {
  texts: { texts: hostileTexts, addresses: hostileAddresses },
  keys: Object.fromEntries(hostileTexts.map((text, index) => [text, index])),
  megabyte: { text: `<img src=https://evil.example/${'A'.repeat(1_000_000)}>` },
  deep: nested(90),
  wide: Array.from({ length: 20_000 }, (_, index) => index),
  prototype: JSON.parse('{"__proto__": {"hacked": 1}, "constructor": {"prototype": {"hacked": 1}}}'),
  react: { $$typeof: 'Symbol(react.element)', type: 'img', props: { src: 'https://evil.example/', onError: 'hacked' } },
};
