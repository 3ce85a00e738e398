import type pg from 'pg';
import type { EngineLog } from './engine.ts';

/**
 * Gives a pool and every client it makes an error handler. Without one, a connection that ends while it idles, or while
 * a request holds it between two statements, is an unhandled 'error' event and ends the process. The request itself
 * learns of it at its next statement.
 */
export function guardPool(pool: pg.Pool, log?: EngineLog): pg.Pool {
  const report = (error: Error) => log?.warn({ reason: error.message }, 'a database connection ended');
  pool.on('error', report);
  // 'connect' comes before anybody holds the client; the pool's own handler is there only while it idles.
  pool.on('connect', (client) => client.on('error', report));
  return pool;
}
