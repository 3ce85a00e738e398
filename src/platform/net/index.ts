/** The only way out: everything else that opens connections to addresses from outside is forbidden by a lint. */
export { type AddressPolicy, addressRefusal } from './addresses.ts';
export { outboundErrors } from './errors.ts';
export { outboundLimits } from './limits.ts';
export {
  type OutboundClient,
  type OutboundOptions,
  type OutboundRequest,
  type OutboundResponse,
  type OutboundStream,
  outbound,
  type Resolver,
} from './outbound.ts';
export type { OutboundMethod } from './request-parts.ts';
