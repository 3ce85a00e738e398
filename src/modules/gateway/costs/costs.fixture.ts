/** An organization with calls that cost, for the tests of this folder. */
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { EngineContext } from '../../../../tests/support/engines.ts';
import { type ClockedPlinth, openPlinthOn } from '../../../../tests/support/plinth.ts';
import { modules } from '../../../modules.ts';
import type { OrganizationRole } from '../../../platform/module.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { TestOrganization } from '../../../testing.ts';
import type { Price } from '../prices/index.ts';
import type { Usage } from '../usage.ts';
import { type NewCost, recordCost } from './record.ts';

export interface Sums {
  readonly calls: number;
  readonly unpriced_calls: number;
  readonly total_tokens: number;
  readonly total_cost: string;
  readonly [field: string]: unknown;
}

export const tenTokens: Usage = {
  input_tokens: 10,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
};

/** A Plinth for each file, at noon of 24 November 2026, and a new organization for each test. */
export function useCosts(on: EngineContext) {
  const world = {} as { plinth: ClockedPlinth; acme: TestOrganization; scope: Scope };
  let calls = 0;
  beforeAll(async () => {
    world.plinth = await openPlinthOn(on.engine, modules);
    world.plinth.clock.hold();
    // a Tuesday, the 24th: days before and behind it in one month
    world.plinth.clock.advance(Date.parse('2026-11-24T12:00:00Z') - world.plinth.clock.now().getTime());
  });
  afterAll(() => world.plinth.close());
  beforeEach(async () => {
    world.acme = await world.plinth.makeOrganization('Acme');
    world.scope = { as: 'app', organizationId: world.acme.id, memberRole: 'service' };
  });

  const join = async (role: Exclude<OrganizationRole, 'service'>) => {
    const { id } = await world.plinth.makeUser({ organizationId: world.acme.id, role });
    const { key } = await world.plinth.makeKey({ organizationId: world.acme.id, userId: id, role });
    return { id, key };
  };
  const tell = (body: object = {}, key = world.acme.key) =>
    world.plinth.call('POST', '/v1/costs', {
      key,
      body: {
        call_id: `call ${++calls}`,
        provider: 'openai',
        model: 'gpt-4o',
        usage: { input_tokens: 1_000 },
        ...body,
      },
    });
  const get = async (path: string, key = world.acme.key) => {
    const { status, body, text: whole } = await world.plinth.call('GET', path, { key });
    expect(status, whole).toBe(200);
    return body;
  };
  const report = async (query: string, key = world.acme.key) => {
    const body = await get(`/v1/costs/report?${query}`, key);
    return { rows: body['rows'] as unknown as Sums[], total: body['total'] as unknown as Sums, body };
  };
  const record = (cost: Partial<NewCost>, price?: Partial<Price> | null) =>
    world.plinth.platform.door.write(world.scope, (tx) =>
      recordCost(
        tx,
        {
          call_id: `call ${++calls}`,
          kind: 'call',
          provider: 'p',
          model: 'm',
          usage: tenTokens,
          raw_usage: null,
          subject: {},
          occurred_at: world.plinth.clock.now(),
          ...cost,
        },
        price === null
          ? null
          : { provider: 'p', model: 'm', input_cost: '1', output_cost: '0', total_cost: '1', ...price },
      ),
    );
  return { world, join, tell, get, report, record };
}
