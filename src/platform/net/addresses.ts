import ipaddr from 'ipaddr.js';
import { type Address, type Cidr, isInCidr, parseAddress, parseCidr } from '../core/cidr.ts';

export interface AddressPolicy {
  /** Ranges the operator opened although they are not public. */
  readonly allow: readonly Cidr[];
  /** Development: this machine itself. */
  readonly allowLoopback: boolean;
}

const ranges = (...texts: string[]) => texts.map(parseCidr);

/** Connecting to these is never meant, whatever the operator lists: "any", broadcast and multicast. */
const never = ranges('0.0.0.0/8', '::/128', '224.0.0.0/4', '255.255.255.255/32', 'ff00::/8');

const loopback = ranges('127.0.0.0/8', '::1/128');

/**
 * Not public although they may look so, beyond what ipaddr.js knows: 6to4 relays; Azure's host, which answers every
 * virtual machine at a public address; IETF protocol assignments with Teredo, documentation, 6to4, AS112.
 */
const special = ranges(
  '192.88.99.0/24',
  '168.63.129.16/32',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '2620:4f:8000::/48',
);

/** All that is routed as unicast in IPv6 (RFC 4291); NAT64, mapped, ULA, link-local and the rest lie outside. */
const [globalUnicast6] = ranges('2000::/3');

/** Translated to IPv4 by a gateway (RFC 6052): the last four bytes are the real destination. */
const [nat64] = ranges('64:ff9b::/96');

/**
 * Why an address may not be connected to, or undefined when it may. The text must be plain (see `parseAddress`);
 * anything else is refused.
 */
export function addressRefusal(text: string, policy: AddressPolicy): string | undefined {
  const address = parseAddress(text);
  return address ? refusal(address, policy) : 'it is not a plain address';
}

function refusal(address: Address, policy: AddressPolicy): string | undefined {
  const isIn = (list: readonly Cidr[]) => list.some((range) => isInCidr(address, range));
  if (isIn(never)) return 'it is not the address of one machine';
  if (policy.allowLoopback && isIn(loopback)) return undefined;
  if (isIn(policy.allow)) {
    const isTranslated = isInCidr(address, nat64!);
    return isTranslated ? refusal(ipaddr.fromByteArray(address.toByteArray().slice(12)), policy) : undefined;
  }
  const range = address.range();
  if (range !== 'unicast') return `it is ${range}`;
  if (isIn(special)) return 'it is reserved';
  if (address.kind() === 'ipv6' && !isInCidr(address, globalUnicast6!)) return 'it is not global unicast';
  return undefined;
}
