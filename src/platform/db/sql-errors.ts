/** The one table from SQLSTATE to our catalogue. Only the state decides: texts are translated, and hold values. */
import { type ErrorDetails, errors, PlinthError } from '../core/errors.ts';
import { databaseErrors } from './errors.ts';
import { engineRestartedState } from './pglite/protocol.ts';

type Maker = (details?: ErrorDetails) => PlinthError;

/** By state, or by its class of two characters. https://www.postgresql.org/docs/18/errcodes-appendix.html */
const bySqlState: Readonly<Record<string, Maker>> = {
  '23505': errors.already_exists,
  // Two spans of time overlap.
  '23P01': errors.conflict,
  '23503': errors.reference_not_found,
  '23001': errors.still_referenced,
  '23502': errors.required_value,
  '23514': errors.invalid_value,
  '22P02': errors.invalid_value,
  '22P05': errors.invalid_value,
  '22001': errors.invalid_value,
  '22003': errors.invalid_value,
  '22007': errors.invalid_value,
  '22008': errors.invalid_value,
  '22021': errors.invalid_value,
  '25006': errors.read_only,
  '40001': errors.serialization_conflict,
  '40P01': errors.serialization_conflict,
  '40003': databaseErrors.outcome_unknown,
  '42501': errors.forbidden,
  '53100': errors.database_full,
  '53300': errors.database_unavailable,
  '54001': databaseErrors.statement_too_complex,
  '55P03': errors.too_busy,
  '57014': errors.statement_timeout,
  // Raised by our own functions and triggers alone: not in this state.
  '55000': errors.invalid_transition,
  [engineRestartedState]: errors.engine_restarted,
  // Classes.
  '08': errors.database_unavailable,
  '28': errors.database_unavailable,
  '3D': errors.database_unavailable,
  '57': errors.database_unavailable,
};

/** What Node and `pg` say of a connection that is gone or can not be made. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
const connectionMessages = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'Cannot use a pool after calling end',
  'timeout expired',
];
const poolExhaustedMessage = 'timeout exceeded when trying to connect';

/** What PostgreSQL's error fields tell, as `pg` names them. */
interface ServerError {
  readonly code?: string;
  readonly message?: string;
  readonly severity?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly routine?: string;
  readonly detail?: string;
}

export interface ErrorContext {
  /** The statement removed rows: a foreign key that fails then is one that points here. */
  readonly deleting?: boolean;
  /** The statement was COMMIT: when the connection goes then, nobody knows whether it was written. */
  readonly committing?: boolean;
}

/**
 * The catalogue's error for whatever a database call threw. A `PlinthError` is returned as it is. Nothing of the
 * statement, its parameters or any row is in what a caller sees; `cause`, for the log, is stripped of them as well.
 */
export function fromDatabaseError(thrown: unknown, context: ErrorContext = {}): PlinthError {
  if (thrown instanceof PlinthError) return thrown;
  const error = (thrown ?? {}) as ServerError;
  const cause = strippedError(thrown);
  const maker = makerFor(error, context);
  if (context.committing && (maker === errors.database_unavailable || maker === errors.engine_restarted)) {
    return databaseErrors.outcome_unknown({ cause });
  }
  // What refers to a row is no field of the row that was to go.
  const field = maker === errors.still_referenced ? undefined : fieldOf(error);
  return maker({ cause, ...(field !== undefined && { field, detail: `Field: ${field}.` }) });
}

function makerFor(error: ServerError, context: ErrorContext): Maker {
  const { code = '', message = '' } = error;
  if (code === '23503' && (context.deleting || pointsHere(error))) return errors.still_referenced;
  const found = bySqlState[code] ?? (/^[0-9A-Z]{5}$/.test(code) ? bySqlState[code.slice(0, 2)] : undefined);
  if (found) return found;
  if (connectionCodes.has(code) || connectionMessages.some((text) => message.startsWith(text))) {
    return errors.database_unavailable;
  }
  if (message === poolExhaustedMessage) return errors.too_busy;
  return errors.internal;
}

/**
 * The state is the same for "it points at nothing" and "others point at it", and so are the fields; where the server's
 * messages are English they tell.
 */
function pointsHere({ message = '' }: ServerError): boolean {
  return message.startsWith('update or delete on table');
}

/** Citus gives each shard's constraints and tables the shard's number. */
const shardSuffix = /_\d{6,}$/;

/** The field by the name of the column or of the constraint, `<table>_<field>_<kind>`; undefined where neither tells. */
function fieldOf({ code = '', column, table, constraint, detail }: ServerError): string | undefined {
  if (!code.startsWith('23')) return undefined;
  if (column !== undefined) return column;
  const name = constraint?.replace(shardSuffix, '');
  const prefix = `${table?.replace(shardSuffix, '')}_`;
  if (name === undefined || table === undefined || !name.startsWith(prefix)) return undefined;
  const field = /^(.+)_(?:key|fkey|check|excl|not_null)$/.exec(name.slice(prefix.length))?.[1];
  if (field === undefined) return undefined;
  // A key named for what it points at ("supplier") is on the column "supplier_id". Only names are read, no values.
  const columns = /^Key \(([\w, ]+)\)=/.exec(detail ?? '')?.[1]?.split(', ') ?? [];
  return columns.includes(`${field}_id`) ? `${field}_id` : field;
}

/** What a log may hold of a database error: which kind, where, in whose code; no statement, parameters or rows. */
export function strippedError(thrown: unknown): Error {
  const {
    message = String(thrown),
    code,
    severity,
    schema,
    table,
    column,
    constraint,
    routine,
  } = (thrown ?? {}) as ServerError;
  const stripped = new Error(withoutValues(message, code));
  stripped.name = 'DatabaseError';
  if (thrown instanceof Error && thrown.stack) {
    const frames = thrown.stack.split('\n').filter((line) => line.startsWith('    at '));
    stripped.stack = [`${stripped.name}: ${stripped.message}`, ...frames].join('\n');
  }
  return Object.assign(stripped, { code, severity, schema, table, column, constraint, routine });
}

const messageCharsMax = 300;
/** Errors of our own statements name tables and columns in quotes, those about data the data itself. */
const structuralClasses = ['42', '23', '25', '3F', '3D', '28', '57', '08', '55', '40'];

function withoutValues(message: string, code = ''): string {
  const short = message.slice(0, messageCharsMax);
  if (code === '' || structuralClasses.includes(code.slice(0, 2))) return short;
  return short.replace(/".*"?/su, '"…"');
}
