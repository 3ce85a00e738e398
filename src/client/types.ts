/** What callers of the client see, beside what is generated. */

export interface ClientOptions {
  /** Where Plinth is, with its sub-path if it has one: https://plinth.example or http://127.0.0.1:4600. */
  readonly url: string;
  /** An API key. */
  readonly key?: string;
  /** A token of your identity provider (JWT); asked for before every attempt, so return one that is still valid. */
  readonly token?: () => string | Promise<string>;
  /** Slug or id, for people with several organizations; a key has one already. */
  readonly organization?: string;
  /** In place of the global one: for tests, and for proxies in Node. */
  readonly fetch?: typeof fetch;
  /** One attempt, body included; default 60 s. */
  readonly timeoutMs?: number;
  /** Attempts after the first; default 3. */
  readonly retries?: number;
  /** The first wait, doubled with each further one and up to half of it random; default 250 ms. */
  readonly retryDelayMs?: number;
  /** The longest wait, also where Retry-After asks for more: then the error is thrown at once; default 30 s. */
  readonly retryDelayMsMax?: number;
  /** Bytes of an answer; default 64 MiB. */
  readonly responseBytesMax?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** In place of the client's. */
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly organization?: string;
  /** In place of a random one, where a write must happen once although the program may start anew in between. */
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Page<T> {
  readonly data: readonly T[];
  /** null on the last page. */
  readonly next_cursor: string | null;
}

/** The first page when awaited; every row, page after page, in `for await`. */
export interface Paged<T> extends Promise<Page<T>>, AsyncIterable<T> {
  pages(): AsyncIterable<Page<T>>;
}
