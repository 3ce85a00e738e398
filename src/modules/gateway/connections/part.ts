import type { GatewayPart } from '../part.ts';

export const connectionsPart: GatewayPart = {};
