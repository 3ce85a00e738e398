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

/** Who may do a verb through the generic REST layer: any row the policies show, or only rows they own. */
export type Access = Partial<Record<OrganizationRole, 'any' | 'own'>>;

export interface TableDeclaration {
  readonly visibility: Visibility;
  readonly audit: Audit;
  /** The verbs granted to the request role: must equal what `register_table` was told. */
  readonly requestVerbs: readonly Verb[];
  /** Time column of a partitioned table; absent when not partitioned. */
  readonly partitionBy?: string;
  /** ISO 8601 duration ("P13M") after which partitions or rows go; absent means for ever. */
  readonly retention?: string;
  /** Columns by class; all others are public. Secret ones are granted to no request role. */
  readonly personal?: readonly string[];
  readonly secret?: readonly string[];
  /** The column that names a row's owner, for access "own". */
  readonly ownerColumn?: string;
  /** What `/rest/v1/<table>` allows; absent means the table is not exposed there. */
  readonly rest?: Partial<Record<Verb, Access>>;
}
