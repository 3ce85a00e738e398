/** The client of Plinth's API, for browsers and Node: fetch and nothing else. */
export { type Client, createClient, type RequestInput } from './client.ts';
export { PlinthError } from './error.ts';
export type { NewEvent, SendAllOptions, SentEvent } from './events.ts';
export type { Live, LiveEvent, LiveFilters, LiveOptions } from './live.ts';
export type * from './operations.gen.ts';
export type { Filters, Rest, Table } from './rest.ts';
export type { WaitOptions } from './tasks.ts';
export type { CallOptions, ClientOptions, Page, Paged } from './types.ts';
