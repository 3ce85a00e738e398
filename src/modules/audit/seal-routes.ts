import { Type } from 'typebox';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Nullable } from '../../platform/http/schemas.ts';
import { proveInclusion } from './seals.ts';
import { verifyAuditLog } from './verify.ts';

const closed = { additionalProperties: false } as const;
const Hash = Type.String({ description: 'SHA-256, hexadecimal.' });
const faults = ['changed', 'removed', 'inserted', 'reordered', 'seal_changed', 'seal_missing', 'head_missing'] as const;

const VerificationAnswer = Type.Object(
  {
    intact: Type.Boolean(),
    seals: Type.Integer(),
    entries: Type.Integer({ description: 'Sealed entries that are what they were.' }),
    head: Nullable(Hash),
    broken: Nullable(
      Type.Object(
        {
          fault: Type.Union(faults.map((fault) => Type.Literal(fault))),
          sequence: Type.Integer(),
          entry_id: Nullable(Id),
        },
        closed,
      ),
    ),
  },
  closed,
);

const ProofAnswer = Type.Object(
  {
    entry_id: Id,
    leaf: Type.String({ description: 'With the byte 0 before it, SHA-256 gives leaf_hash.' }),
    leaf_hash: Hash,
    leaf_index: Type.Integer(),
    tree_size: Type.Integer(),
    path: Type.Array(Hash, { description: 'From the bottom: RFC 6962, 2.1.1.' }),
    root: Hash,
    sequence: Type.Integer(),
    chain_hash: Hash,
  },
  closed,
);

export function registerSealRoutes(routes: RouteRegistrar): void {
  routes.add({
    method: 'GET',
    url: '/v1/audit/verify',
    tag: 'audit',
    summary: 'Whether the audit log is what was sealed, and if not from which entry on',
    permission: 'audit:read',
    response: VerificationAnswer,
    mode: 'read',
    query: Type.Object({ head: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })) }, closed),
    run: (tx, { query }) => verifyAuditLog(tx, query.head === undefined ? {} : { knownHead: query.head }),
  });
  routes.add({
    method: 'GET',
    url: '/v1/audit/:id/proof',
    tag: 'audit',
    summary: 'The proof that an entry is under a seal',
    permission: 'audit:read',
    params: IdParams,
    response: ProofAnswer,
    mode: 'read',
    run: (tx, { params }) => proveInclusion(tx, params.id),
  });
}
