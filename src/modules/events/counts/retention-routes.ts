import { Type } from 'typebox';
import { errors } from '../../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Line } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { defaultKeepDays, keep_days_max } from './retention.ts';

const rules_max = 200;
const KeepDays = Type.Integer({ minimum: 1, maximum: keep_days_max });
const Answer = Type.Object({
  rules: Type.Array(Type.Object({ source: Type.String(), type: Type.String(), keep_days: Type.Integer() })),
  default_days: Type.Integer({ description: 'Where no rule holds.' }),
});

interface Rule {
  readonly source: string;
  readonly type: string;
  readonly keep_days: number;
}

function readRules(tx: ScopedTx): Promise<Rule[]> {
  return tx.sql<Rule>(
    `select source, type, keep_days
     from plinth.event_retention
     where organization_id = $1
     order by type = '*', source = '*', source, type`,
    [tx.organizationId],
  );
}

/** Makes the rules those given; what stays as it was is not touched, so the audit log tells of changes alone. */
async function setRules(tx: ScopedTx, rules: readonly Rule[]): Promise<void> {
  const wanted = JSON.stringify(rules);
  const columns = 'source text, type text, keep_days int';
  await tx.sql(
    `delete from plinth.event_retention r
     where r.organization_id = $1
       and not exists (
         select from jsonb_to_recordset($2::jsonb) as w(${columns})
         where w.source = r.source and w.type = r.type and w.keep_days = r.keep_days)`,
    [tx.organizationId, wanted],
  );
  await tx.sql(
    `insert into plinth.event_retention (organization_id, source, type, keep_days)
     select $1, w.source, w.type, w.keep_days
     from jsonb_to_recordset($2::jsonb) as w(${columns})
     on conflict (organization_id, source, type) do nothing`,
    [tx.organizationId, wanted],
  );
}

/** /v1/event-retention: how long an organization keeps its events. */
export function retentionRoutes(routes: RouteRegistrar, platform: Platform): void {
  const answer = async (tx: ScopedTx) => ({ rules: await readRules(tx), default_days: defaultKeepDays(platform) });

  routes.add({
    method: 'GET',
    url: '/v1/event-retention',
    summary:
      'How long events are kept; of the rules that fit an event, that of its type holds, then that of its source',
    tag: 'events',
    permission: 'event_retention:read',
    response: Answer,
    mode: 'read',
    run: answer,
  });

  routes.add({
    method: 'PUT',
    url: '/v1/event-retention',
    summary: 'Replace the rules by those given; events that are past their time are removed within the hour',
    tag: 'events',
    permission: 'event_retention:write',
    body: Type.Object(
      {
        rules: Type.Array(
          Type.Object(
            {
              source: Type.Optional(Line(100)),
              type: Type.Optional(Line(200)),
              keep_days: KeepDays,
            },
            { additionalProperties: false },
          ),
          { maxItems: rules_max },
        ),
      },
      { additionalProperties: false },
    ),
    response: Answer,
    mode: 'write',
    async run(tx, { body }) {
      const rules = body.rules.map(({ source = '*', type = '*', keep_days }) => ({ source, type, keep_days }));
      const names = rules.map(({ source, type }) => JSON.stringify([source, type]));
      const twice = names.find((name, at) => names.indexOf(name) !== at);
      if (twice) throw errors.invalid_request({ field: 'body/rules', detail: `there are two rules for ${twice}` });
      await setRules(tx, rules);
      return answer(tx);
    },
  });
}
