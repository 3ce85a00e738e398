import { decodeCursor, type Page, toPage } from '../../platform/http/paging.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';

export interface AuditEntry {
  readonly id: string;
  readonly occurred_at: Date;
  readonly actor: string;
  readonly actor_user_id: string | null;
  readonly api_key_id: string | null;
  readonly request_id: string | null;
  readonly ip_address: string | null;
  readonly action: string;
  readonly resource_type: string;
  readonly resource_id: string | null;
  readonly old_values: Record<string, unknown> | null;
  readonly new_values: Record<string, unknown> | null;
  readonly details: Record<string, unknown> | null;
}

export interface AuditFilter {
  readonly resource_type?: string;
  readonly resource_id?: string;
  readonly actor_user_id?: string;
  readonly action?: string;
  readonly from?: Date;
  readonly until?: Date;
  readonly cursor?: string;
  readonly limit: number;
}

/**
 * The audit log, newest first, with personal values in place of their hashes where the person was not erased. For
 * owners and administrators only: the permission is checked by the route.
 */
export async function listAuditEntries(tx: ScopedTx, filter: AuditFilter): Promise<Page<AuditEntry>> {
  const rows = await tx.sql<AuditEntry>(
    `select a.id, a.occurred_at, a.actor, a.actor_user_id, a.api_key_id, a.request_id, a.ip_address, a.action,
            a.resource_type, a.resource_id,
            a.old_values || coalesce(p.old_values, '{}') as old_values,
            a.new_values || coalesce(p.new_values, '{}') as new_values,
            a.details
     from plinth.audit_logs a
     left join plinth.audit_personal_values p
       on p.organization_id = a.organization_id and p.id = a.id and p.occurred_at = a.occurred_at
     where a.organization_id = $1
       and ($2::uuid is null or (a.id < $2 and a.occurred_at < plinth.uuid_time_end($2)))
       and ($3::text is null or a.resource_type = $3)
       and ($4::uuid is null or a.resource_id = $4)
       and ($5::uuid is null or a.actor_user_id = $5)
       and ($6::text is null or a.action = $6)
       and ($7::timestamptz is null or a.occurred_at >= $7)
       and ($8::timestamptz is null or a.occurred_at < $8)
     order by a.id desc
     limit $9`,
    [
      tx.organizationId,
      decodeCursor(filter.cursor) ?? null,
      filter.resource_type ?? null,
      filter.resource_id ?? null,
      filter.actor_user_id ?? null,
      filter.action ?? null,
      filter.from ?? null,
      filter.until ?? null,
      filter.limit + 1,
    ],
  );
  return toPage(rows, filter.limit);
}
