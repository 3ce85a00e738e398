import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
} from '../../../tests/support/plinth.ts';
import { auditModule } from '../audit/index.ts';
import { projectsModule } from '../projects/index.ts';
import { tenancyModule } from './index.ts';

const modules = [auditModule, tenancyModule, projectsModule];

/** Arguments that would be fine, by type: what is tested is whose the first one is. */
const valueOfType: Readonly<Record<string, string>> = {
  uuid: `'0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42'::uuid`,
  'uuid[]': `'{}'::uuid[]`,
  text: `'x'`,
  'text[]': `'{}'::text[]`,
  bytea: `'x'::bytea`,
  integer: '1',
  boolean: 'false',
  'timestamp with time zone': 'now()',
  'timestamp with time zone[]': `'{}'::timestamptz[]`,
};

describeEngines('functions of tenancy', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
  });
  afterAll(() => plinth.close());

  it('are declared as they were registered', async () => {
    const rows = await plinth.owner<{ signature: string; security: string; callers: string[] }>(
      'select signature, security, callers from plinth.registered_functions',
    );
    const registered = new Map(rows.map(({ signature, ...rest }) => [signature, rest]));
    for (const module of modules) {
      for (const [signature, { security, callers }] of Object.entries(module.functions ?? {})) {
        expect({ signature, ...registered.get(signature) }).toEqual({ signature, security, callers: [...callers] });
      }
    }
  });

  it('belong to tables declared as they were registered', async () => {
    const rows = await plinth.owner<{ table_name: string; visibility: string; audit: string; request_verbs: string[] }>(
      'select table_name, visibility, audit, request_verbs from plinth.registered_tables',
    );
    const registered = new Map(rows.map(({ table_name, ...rest }) => [table_name, rest]));
    for (const module of modules) {
      for (const [name, { visibility, audit, requestVerbs }] of Object.entries(module.tables ?? {})) {
        expect({ name, ...registered.get(name) }).toEqual({
          name,
          visibility,
          audit,
          request_verbs: [...requestVerbs],
        });
      }
    }
  });

  it('refuse another organization, and another person, whatever else they are given', async () => {
    const functions = await plinth.owner<{ name: string; types: string[]; first: string }>(
      `select p.proname as name, p.proargnames[1] as first,
              array(select format_type(t, null) from unnest(p.proargtypes) t) as types
       from plinth.registered_functions r
       join pg_proc p on p.oid = ('plinth.' || r.signature)::regprocedure
       where 'app' = any (r.callers) and r.signature = any ($1)
         and p.proargnames[1] in ('organization', 'person', 'administrator')`,
      [modules.flatMap((module) => Object.keys(module.functions ?? {}))],
    );
    expect(functions.length).toBeGreaterThan(15);
    // signing in comes before there is a person in the context: the service says whom it has checked
    const open = ['renew_password_hash'];
    for (const { name, first, types } of functions) {
      if (open.includes(name)) continue;
      const foreign = first === 'organization' ? other.organizationId : other.userId;
      const rest = types.slice(1).map((type) => valueOfType[type]);
      expect(rest, name).not.toContain(undefined);
      const call = `select plinth.${name}(${[`'${foreign}'`, ...rest].join(', ')})`;
      const scope = {
        as: 'app',
        organizationId: acme.organizationId,
        userId: acme.userId,
        memberRole: 'owner',
      } as const;
      const tried = plinth.platform.door.write(scope, (tx) => tx.sql(call));
      await expect(tried, name).rejects.toMatchObject({ code: 'forbidden' });
      const outside = plinth.platform.door.write({ as: 'app' }, (tx) => tx.sql(call));
      await expect(outside, `${name} outside any organization`).rejects.toMatchObject({ code: 'forbidden' });
    }
  });

  it('keep what is secret from the request role', async () => {
    for (const table of [
      'user_credentials',
      'api_key_hashes',
      'user_sessions',
      'one_time_tokens',
      'sign_in_attempts',
    ]) {
      const scope = { as: 'app', organizationId: acme.organizationId, userId: acme.userId } as const;
      const tried = plinth.platform.door.read(scope, (tx) => tx.sql(`select * from plinth.${table}`));
      await expect(tried, table).rejects.toMatchObject({ code: 'forbidden' });
    }
  });
});
