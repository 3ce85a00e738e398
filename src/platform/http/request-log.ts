import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { PlinthError } from '../core/errors.ts';

type ChildArguments = Parameters<FastifyBaseLogger['child']>;
type LogArguments = unknown[];

/** A request's logger, made when something is first logged with it: most requests never do, and a child costs 20 µs. */
export function lazyChild(logger: FastifyBaseLogger, ...bindings: ChildArguments): FastifyBaseLogger {
  return new LazyChild(logger, bindings) as unknown as FastifyBaseLogger;
}

class LazyChild {
  readonly #parent: FastifyBaseLogger;
  readonly #bindings: ChildArguments;
  #made: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, bindings: ChildArguments) {
    this.#parent = parent;
    this.#bindings = bindings;
  }

  #child(): FastifyBaseLogger {
    this.#made ??= this.#parent.child(...this.#bindings);
    return this.#made;
  }

  #log(level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', args: LogArguments): void {
    const child = this.#child();
    (child[level] as (...args: unknown[]) => void).apply(child, args);
  }

  get level(): string {
    return this.#made?.level ?? this.#bindings[1]?.level ?? this.#parent.level;
  }

  set level(level: string) {
    this.#child().level = level;
  }

  child(...bindings: ChildArguments): FastifyBaseLogger {
    return this.#child().child(...bindings);
  }

  fatal(...args: LogArguments): void {
    this.#log('fatal', args);
  }

  error(...args: LogArguments): void {
    this.#log('error', args);
  }

  warn(...args: LogArguments): void {
    this.#log('warn', args);
  }

  info(...args: LogArguments): void {
    this.#log('info', args);
  }

  debug(...args: LogArguments): void {
    this.#log('debug', args);
  }

  trace(...args: LogArguments): void {
    this.#log('trace', args);
  }

  silent(): void {}
}

/**
 * One line about a request that failed. What we refuse ourselves for now (busy, shutting down) is a warning and has no
 * stack: each probe of a stopping process would else look like a defect.
 */
export function logFailure(request: FastifyRequest, error: PlinthError): void {
  const facts = { code: error.code, status: error.status, method: request.method, route: request.routeOptions.url };
  if (error.status === 503 && error.cause === undefined) request.log.warn(facts, error.message);
  else if (error.status >= 500) request.log.error({ ...facts, err: error.cause ?? error }, error.message);
  else request.log.info(facts, error.message);
}
