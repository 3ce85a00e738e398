import type { GatewayPart } from '../part.ts';

export const budgetsPart: GatewayPart = {};
