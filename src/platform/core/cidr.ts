import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A range of addresses, "10.0.0.0/8" or "fd00::/8". */
export interface Cidr {
  readonly text: string;
  readonly address: Address;
  readonly prefixLength: number;
}

const IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const TEXT_CHARS_MAX = 64;

/**
 * Reads an address in its plain spelling: four decimal numbers without leading zeros, or IPv6 without a zone. An IPv6
 * address that only wraps an IPv4 one (::ffff:…) becomes that. Undefined for anything else: "127.1" or "0x7f.1" are
 * addresses to some programs, and so to none here.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > TEXT_CHARS_MAX) return undefined;
  if (IPV4.test(text)) return ipaddr.IPv4.isValid(text) ? ipaddr.IPv4.parse(text) : undefined;
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.process(text);
}

/**
 * Reads a range; a single address is the range of itself. Throws a TypeError that says what is wrong, in words for
 * whoever wrote it.
 */
export function parseCidr(text: string): Cidr {
  const [addressText = '', prefixText, ...rest] = text.split('/');
  const isMapped = /^::ffff:/i.test(addressText);
  const address = parseAddress(addressText);
  if (!address || rest.length > 0 || isMapped) throw new TypeError('it is not an address range such as 10.0.0.0/8');
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  const prefixLength = prefixText === undefined ? bits : Number(prefixText);
  if (prefixText !== undefined && (!/^\d{1,3}$/.test(prefixText) || prefixLength > bits)) {
    throw new TypeError(`the length after the slash is a number from 0 to ${bits}`);
  }
  const network = networkAddress(address, prefixLength);
  if (network !== address.toString()) {
    throw new TypeError(`there are bits after the prefix; did you mean ${network}/${prefixLength}?`);
  }
  return { text: `${network}/${prefixLength}`, address, prefixLength };
}

export function isInCidr(address: Address, range: Cidr): boolean {
  if (address.kind() !== range.address.kind()) return false;
  return (address as ipaddr.IPv6).match(range.address as ipaddr.IPv6, range.prefixLength);
}

function networkAddress(address: Address, prefixLength: number): string {
  const bytes = address.toByteArray().map((byte, index) => {
    const bitsKept = Math.min(8, Math.max(0, prefixLength - index * 8));
    return byte & (0xff << (8 - bitsKept)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes).toString();
}
