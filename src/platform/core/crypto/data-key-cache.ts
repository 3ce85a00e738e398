import { type Clock, systemClock } from '../clock.ts';
import type { DataKey } from './data-key.ts';

export interface DataKeyCacheOptions {
  /** Keys kept open; the least recently used goes first. */
  readonly keys_max?: number;
  /** How long a key may stay open. Bounds how long another process still opens what was erased by destroying its key. */
  readonly age_ms_max?: number;
  readonly clock?: Clock;
}

interface Entry {
  readonly key: DataKey;
  readonly expiresAt: number;
}

/**
 * Keeps a bounded number of data keys open and overwrites them when they leave. A key is lent only for the time of a
 * synchronous call, so it can not be destroyed while in use.
 */
export class DataKeyCache {
  readonly #keysMax: number;
  readonly #ageMsMax: number;
  readonly #clock: Clock;
  /** In order of last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<DataKey>>();

  constructor(options: DataKeyCacheOptions = {}) {
    this.#keysMax = options.keys_max ?? 1000;
    this.#ageMsMax = options.age_ms_max ?? 5 * 60_000;
    this.#clock = options.clock ?? systemClock;
    if (!(this.#keysMax >= 1)) throw new RangeError('keys_max must be at least 1');
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Runs `use` with the key, calling `load` when it is not open; callers at the same moment share one `load`. */
  async withKey<T>(keyId: string, load: () => Promise<DataKey>, use: (key: DataKey) => T): Promise<T> {
    const cached = this.#take(keyId);
    if (cached) return use(cached);
    const pending = this.#loading.get(keyId) ?? this.#load(keyId, load);
    const key = await pending;
    return key.destroyed ? this.withKey(keyId, load, use) : use(key);
  }

  /** Destroys one key at once, also when it is still being loaded. */
  forget(keyId: string): void {
    this.#loading.delete(keyId);
    this.#remove(keyId);
  }

  /** Destroys all keys, at shutdown and after a rotation. */
  clear(): void {
    this.#loading.clear();
    for (const keyId of [...this.#entries.keys()]) this.#remove(keyId);
  }

  #load(keyId: string, load: () => Promise<DataKey>): Promise<DataKey> {
    const pending: Promise<DataKey> = load().then(
      (key) => {
        if (key.id !== keyId) throw new Error(`asked for the data key ${keyId}, got ${key.id}`);
        // Forgotten while it was loaded: what was read may be erased by now, so those who wait ask again.
        if (this.#loading.get(keyId) !== pending) key.destroy();
        else {
          this.#loading.delete(keyId);
          this.#put(key);
        }
        return key;
      },
      (error: unknown) => {
        if (this.#loading.get(keyId) === pending) this.#loading.delete(keyId);
        throw error;
      },
    );
    this.#loading.set(keyId, pending);
    return pending;
  }

  #take(keyId: string): DataKey | undefined {
    const entry = this.#entries.get(keyId);
    if (!entry) return undefined;
    if (entry.expiresAt <= this.#clock.now().getTime()) {
      this.#remove(keyId);
      return undefined;
    }
    this.#entries.delete(keyId);
    this.#entries.set(keyId, entry);
    return entry.key;
  }

  #put(key: DataKey): void {
    this.#remove(key.id);
    this.#entries.set(key.id, { key, expiresAt: this.#clock.now().getTime() + this.#ageMsMax });
    while (this.#entries.size > this.#keysMax) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#remove(oldest);
    }
  }

  #remove(keyId: string): void {
    this.#entries.get(keyId)?.key.destroy();
    this.#entries.delete(keyId);
  }
}
