export type { Credentials } from './connection-secrets.ts';
export type { ConnectionWire } from './connections.ts';
export { connectionErrors } from './errors.ts';
export { type Capture, type EffectivePolicy, listCovers } from './policies.ts';
export {
  type AliasTarget,
  type Connection,
  type GatewaySettings,
  makeSettingsReader,
  type SettingsReader,
} from './settings.ts';
export { anthropicVersion, providerHeaders } from './test-connection.ts';
