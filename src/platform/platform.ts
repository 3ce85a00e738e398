import type { Logger } from 'pino';
import type { Clock } from './core/clock.ts';
import type { Config } from './core/config.ts';
import type { Engine } from './db/engine.ts';
import type { Keyring } from './keyring.ts';
import type { ModuleDefinition } from './module.ts';
import type { OutboundClient } from './net/index.ts';
import type { Door } from './scope/door.ts';
import type { Wakeups } from './worker/wakeups.ts';

/** What routes, handlers and loops are given: opened once, passed by argument, never looked up. */
export interface Platform {
  readonly engine: Engine;
  readonly door: Door;
  /** Seals and opens stored secrets; outside transactions. */
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Logger;
  readonly modules: readonly ModuleDefinition[];
  readonly config: Config;
  /** The modules' settings by module, checked, with their defaults. */
  readonly settings: ReadonlyMap<string, unknown>;
  /** The only way to an address that comes from outside. */
  readonly net: OutboundClient;
  /** Tells loops, here and in other processes, that there may be something to do. Polling is the truth. */
  readonly wakeups: Wakeups;
}
