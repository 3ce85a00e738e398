import { isIP } from 'node:net';
import { parseAddress } from '../core/cidr.ts';
import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { outboundErrors } from './errors.ts';

export const outboundMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type OutboundMethod = (typeof outboundMethods)[number];

/** Where a request goes, read from its URL. */
export interface Target {
  readonly isHttps: boolean;
  /** As in Host and SNI: a name, or an address (IPv6 without brackets). */
  readonly hostname: string;
  /** The Host header. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Set when the host is an address: nothing to resolve. */
  readonly address: string | undefined;
}

const HEADERS_MAX = 64;
const HEADER_CHARS_MAX = 8 * 1024;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Of the connection, not of the message, or decided here. Whoever sets these could smuggle a second request. */
const headersOfOurs = new Set(
  `host connection content-length transfer-encoding keep-alive upgrade expect te trailer accept-encoding
   proxy-authorization proxy-connection http2-settings`.split(/\s+/),
);

/**
 * Below 1024 only the two of the web; above, not those that browsers block too, as other protocols listen there
 * (the Fetch standard's "bad ports").
 */
const portsBelow1024 = [80, 443];
const portsBlocked = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
]);

/** Reads the URL a request goes to. Throws `invalid_value` or, for a port that is not called, `outbound_refused`. */
export function readTarget(text: string, portsAllowed: readonly number[]): Target {
  const invalid = (detail: string) => errors.invalid_value({ field: 'url', detail });
  if (text.length > limits.url_chars) throw invalid(`the URL has more than ${limits.url_chars} characters`);
  // WHATWG drops line breaks and tabs silently; a URL with them is a mistake or an attack.
  if (/[\p{Cc}\s]/u.test(text)) throw invalid('the URL holds spaces or control characters');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw invalid('it is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw invalid('the URL must begin with https:// or http://');
  if (url.username !== '' || url.password !== '') throw invalid('the URL must not hold a user or password');
  const isHttps = url.protocol === 'https:';
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (isHttps ? 443 : 80) : Number(url.port);
  const isPortAllowed =
    portsAllowed.includes(port) || (port < 1024 ? portsBelow1024.includes(port) : !portsBlocked.has(port));
  if (!isPortAllowed) {
    throw outboundErrors.outbound_refused({
      field: 'url',
      detail: `port ${port} is not called`,
      hint: 'Use 80, 443 or a port from 1024 that no other protocol claims.',
    });
  }
  const address = isIP(hostname) === 0 ? undefined : (parseAddress(hostname)?.toString() ?? hostname);
  return { isHttps, hostname, host: url.host, port, path: url.pathname + url.search, address };
}

/** The headers as they will be sent, names in lower case. Throws `invalid_value` for one that is not allowed. */
export function readHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const invalid = (detail: string) => errors.invalid_value({ field: 'headers', detail });
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX) throw invalid(`there are more than ${HEADERS_MAX} headers`);
  const safe: Record<string, string> = Object.create(null);
  for (const [name, value] of entries) {
    if (!HEADER_NAME.test(name)) throw invalid('a header’s name has a character that is not allowed');
    const lower = name.toLowerCase();
    if (headersOfOurs.has(lower)) throw invalid(`the header ${lower} cannot be set`);
    if (typeof value !== 'string' || value.length > HEADER_CHARS_MAX || !HEADER_VALUE.test(value)) {
      throw invalid(`the value of the header ${lower} is too long or has a character that is not allowed`);
    }
    if (lower in safe) throw invalid(`the header ${lower} is given twice`);
    safe[lower] = value;
  }
  return safe;
}
