/** What other modules, and the command line, may use of the gateway. */
export * from './costs/index.ts';
export * from './prices/index.ts';
export type { CallSubject, Usage } from './usage.ts';
