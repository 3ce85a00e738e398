import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { type Clock, systemClock } from './clock.ts';
import { uuidv7 } from './ids.ts';
import { oneLine, redact, redactPatterns, redactText, safeError } from './secrets.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export type { Logger };

export interface LogOptions {
  readonly level: LogLevel;
  /** Where the lines go; standard output when absent. */
  readonly destination?: DestinationStream;
  /** Fields of every line, such as the process's role. */
  readonly base?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
}

/** Of a request and an answer this much is logged, whoever logs them: no headers, no body, no socket. */
const requestFields = ['id', 'method', 'url', 'host', 'ip'] as const;
const replyFields = ['statusCode'] as const;

/** What `safeFields` made needs no serializer; pino's own would copy every property of an error. */
const unchanged = (value: unknown) => value;

/**
 * A pino logger that writes one JSON object a line and no secrets: fields, messages, bindings of children and errors
 * pass `redact`, and each finished line the patterns of `redactText` once more, for what came another way.
 */
export function createLogger(options: LogOptions): Logger {
  const clock = options.clock ?? systemClock;
  const settings: LoggerOptions = {
    level: options.level,
    base: safeFields(options.base ?? {}),
    timestamp: () => `,"time":"${clock.now().toISOString()}"`,
    messageKey: 'message',
    errorKey: 'error',
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: unchanged, err: unchanged },
    hooks: {
      logMethod(args, method) {
        method.apply(this, safeArguments(args) as Parameters<typeof method>);
      },
      streamWrite: finishLine,
    },
  };
  return guardBindings(options.destination ? pino(settings, options.destination) : pino(settings));
}

/** `(error)`, `(fields)`, `(fields, message, …)` or `(message, …)`, made safe, with the message an error would give. */
function safeArguments(args: readonly unknown[]): unknown[] {
  const [first, ...rest] = args;
  const texts = rest.map((arg) => (typeof arg === 'string' ? redactText(arg) : redact(arg)));
  if (first instanceof Error) {
    const error = safeError(first);
    return [{ error }, ...(texts.length > 0 ? texts : ['%s', error.message])];
  }
  if (typeof first === 'string') return [redactText(first), ...texts];
  if (typeof first !== 'object' || first === null) return [first, ...texts];
  return [safeFields(first), ...texts];
}

function safeFields(fields: object): Record<string, unknown> {
  const { req, request, res, reply, ...others } = fields as Record<string, unknown>;
  const safe = redact(others) as Record<string, unknown>;
  if (req !== undefined || request !== undefined) safe['req'] = pick(req ?? request, requestFields);
  if (res !== undefined || reply !== undefined) safe['res'] = pick(res ?? reply, replyFields);
  return safe;
}

function pick(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return redact(value);
  const source = value as Record<string, unknown>;
  const fields = names.map((name) => [name, source[name]]).filter(([, field]) => typeof field !== 'object');
  return redact(Object.fromEntries(fields));
}

/** Children inherit from their parent, so guarding the root guards all. */
function guardBindings(logger: Logger): Logger {
  const { child, setBindings } = logger;
  logger.child = function guardedChild(this: Logger, bindings: object, options?: { serializers?: object }) {
    const serializers = { ...options?.serializers, error: unchanged, err: unchanged };
    return child.call(this, safeFields(bindings), { ...options, serializers });
  } as typeof logger.child;
  logger.setBindings = function guardedSetBindings(this: Logger, bindings: object) {
    setBindings.call(this, safeFields(bindings));
  };
  return logger;
}

/** JSON has escaped the line breaks; what is left are characters that JSON allows and terminals obey. */
function finishLine(line: string): string {
  return `${oneLine(redactPatterns(line.endsWith('\n') ? line.slice(0, -1) : line))}\n`;
}

const INCOMING_REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/;

/** The id of a request: the caller's own when it is plain (8 to 64 letters, digits, "._-"), else a new UUID v7. */
export function requestId(incoming: unknown, now: Date = new Date()): string {
  const isUsable =
    typeof incoming === 'string' && INCOMING_REQUEST_ID.test(incoming) && redactText(incoming) === incoming;
  return isUsable ? incoming : uuidv7(now);
}
