import type { TObject } from 'typebox';
import type { AnyHook, AnyHookPoint } from './hooks.ts';
import type { RouteRegistrar } from './http/route.ts';
import type { Platform } from './platform.ts';

/**
 * What a module declares. The declaration is plain data; a test compares it with the catalogue of the migrated
 * database, so that it can not say one thing while the database does another.
 */

/** A member's role in an organization; `service` is what an API key without a user and the worker act as. */
export const organizationRoles = ['owner', 'admin', 'member', 'viewer', 'service'] as const;
export type OrganizationRole = (typeof organizationRoles)[number];

export type Visibility = 'tenant' | 'private' | 'user' | 'catalogue' | 'auth' | 'platform';
export type Audit = 'row' | 'self' | 'action';
export type Verb = 'select' | 'insert' | 'update' | 'delete';

/** Who may do a verb through the generic REST layer: on any row the policies show, or on rows they own. */
export type Access = Partial<Record<OrganizationRole, 'any' | 'own'>>;

export interface TableDeclaration {
  readonly visibility: Visibility;
  readonly audit: Audit;
  /** The verbs granted to the request role: equals what `register_table` was told. */
  readonly requestVerbs: readonly Verb[];
  /** Time column of a partitioned table; absent when not partitioned. */
  readonly partitionBy?: string;
  /** As `register_table` was told ("13 months"), after which partitions go; absent means for ever. */
  readonly retention?: string;
  /** Columns by class; all others are public. Secret ones are granted to no request role. */
  readonly personal?: readonly string[];
  readonly secret?: readonly string[];
  /** Columns whose change alone makes no entry in the audit log: when a key was last used. */
  readonly unaudited?: readonly string[];
  /** The column that names a row's owner, for access "own". */
  readonly ownerColumn?: string;
  /** What `/rest/v1/<table>` allows; absent means the table is not exposed there. */
  readonly rest?: Partial<Record<Verb, Access>>;
}

/** A view `register_view` was told of. Its rows are those of the tables it reads. */
export interface ViewDeclaration {
  /** Who may read it at `/rest/v1/<view>`. */
  readonly select: Access;
}

/** A database function as `register_function` was told; the key is its signature. */
export interface FunctionDeclaration {
  readonly security: 'invoker' | 'definer' | 'owner';
  readonly callers: readonly ('app' | 'worker' | 'readonly' | 'definer')[];
  /** Reachable at /rest/v1/rpc/<name>. */
  readonly exposed?: boolean;
}

/** Who has a permission. API keys are cut down further by their scopes. */
export interface PermissionDeclaration {
  readonly description: string;
  readonly roles: readonly OrganizationRole[];
  /**
   * What a key's scope may cut it down to, by a name after the verb or the beginning of names: `tasks:work:mail.*`. Such a
   * scope opens the route; what it may do there the route asks `Policy.namesOf`.
   */
  readonly narrowedBy?: string;
}

/** What a task handler is given. Handlers run at least once: use `idempotencyKey` for effects outside. */
export interface TaskContext {
  readonly organizationId: string;
  readonly taskId: string;
  readonly attempt: number;
  /** The same for every attempt of one task. */
  readonly idempotencyKey: string;
  /** What this attempt is held under: `is_task_held` says whether it still is. */
  readonly leaseId: string;
  /** Aborts on cancel, timeout, a lost lease and shutdown. */
  readonly signal: AbortSignal;
  readonly platform: Platform;
  /**
   * A line of the attempt's log, read at /v1/tasks/:id/logs. Bounded in length and rate; what is dropped is said. Names
   * and forms of secrets are redacted, but do not log any.
   */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: unknown, data?: unknown): void;
  /** How far the work is, 0 to 1. Say it as often as you like: the newest is stored a few times a second. */
  progress(fraction: number, message?: unknown): void;
}

/** When a task that failed is tried again; what is absent is as for all types. */
export interface RetryPolicy {
  /** Seconds before the second attempt. */
  readonly firstDelaySeconds?: number;
  /** What the pause is multiplied by at each attempt; 1: always the same. */
  readonly factor?: number;
  readonly maxDelaySeconds?: number;
  /** Codes of errors after which another attempt would be in vain. */
  readonly notRetryable?: readonly string[];
}

export interface TaskHandler {
  readonly description: string;
  readonly retry?: RetryPolicy;
  /** Runs outside any transaction; enters again through `platform.door` to record. What it returns is the result. */
  run(context: TaskContext, payload: unknown): Promise<unknown>;
}

/** A supervised loop of the worker: `tick` returns when it wants to run again, at the latest. */
export interface LoopDeclaration {
  readonly name: string;
  tick(platform: Platform, signal: AbortSignal): Promise<Date | undefined>;
}

/** One line of `plinth doctor`. */
export interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly hint?: string;
}

/** One value of /metrics, of the whole installation: no label names a tenant. */
export interface Measurement {
  /** A counter only grows, over restarts too; default: a gauge. */
  readonly kind?: 'counter';
  readonly name: string;
  readonly help: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A statement as the owner of the tables. */
export type OwnerSql = <R = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<R[]>;

export interface ModuleDefinition {
  /** The noun: folder, URL, permission, event, CLI verb. */
  readonly name: string;
  readonly description: string;
  readonly dependsOn: readonly string[];
  /** `new URL('./migrations/', import.meta.url)`; absent when it has no tables. */
  readonly migrations?: URL;
  readonly tables?: Readonly<Record<string, TableDeclaration>>;
  /** The views that `/rest/v1` shows. */
  readonly views?: Readonly<Record<string, ViewDeclaration>>;
  readonly functions?: Readonly<Record<string, FunctionDeclaration>>;
  readonly permissions?: Readonly<Record<string, PermissionDeclaration>>;
  readonly routes?: (routes: RouteRegistrar, platform: Platform) => void;
  readonly tasks?: Readonly<Record<string, TaskHandler>>;
  readonly loops?: readonly LoopDeclaration[];
  /** Places in its services where hooks run. */
  readonly hookPoints?: readonly AnyHookPoint[];
  /** Its hooks around services, its own or other modules', by the point's name. */
  readonly hooks?: Readonly<Record<string, AnyHook | undefined>>;
  /** What may be set of it: an object schema whose fields have defaults. Read with `settingsOf`. */
  readonly settings?: TObject;
  /** Brings catalogue rows up to date; runs as the owner, is idempotent. */
  readonly seed?: (platform: Platform) => Promise<void>;
  /**
   * After one organization's rows were imported, as the owner and in the transaction of the import: what its tables need
   * beyond their rows.
   */
  readonly afterImport?: (sql: OwnerSql, organizationId: string) => Promise<void>;
  /** Values for /metrics, read at each scrape. */
  readonly metrics?: (platform: Platform) => Promise<readonly Measurement[]>;
  readonly checks?: (platform: Platform) => Promise<readonly CheckResult[]>;
}
