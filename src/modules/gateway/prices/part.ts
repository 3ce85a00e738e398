import type { GatewayPart } from '../part.ts';

export const pricesPart: GatewayPart = {};
