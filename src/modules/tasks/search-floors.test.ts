import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { openWorld, type World } from './fixtures/world.ts';
import { type Search, SearchFloors } from './search-floors.ts';

const task = (task_type: string, organization_id: string, due_ms: number) => ({ task_type, organization_id, due_ms });
const batch = (from: number, tenants = 1) =>
  Array.from({ length: 100 }, (_, n) => task('a', `tenant ${n % tenants}`, from + n + 0.5));
const search = (more: Partial<Search> = {}): Search => ({
  found: batch(1_000),
  wasFull: true,
  hadFloors: false,
  ms: 20,
  ...more,
});

describe('the floors of searches', () => {
  const slow = () => {
    const floors = new SearchFloors();
    for (let n = 0; n < 3; n++) floors.note(search(), 0);
    return floors;
  };

  it('are those of the last batch, while searches from the start are slow', () => {
    const floors = slow();
    expect(floors.of(['b', 'a'], 100)).toEqual([null, new Date(1_000)]);
    floors.note(search({ found: batch(2_000), hadFloors: true, ms: 1 }), 110);
    expect(floors.of(['a'], 120)).toEqual([new Date(2_000)]);
  });

  it('are none after quick searches, of which one among slow ones is enough', () => {
    const floors = new SearchFloors();
    for (const ms of [20, 1, 20]) floors.note(search({ ms }), 0);
    expect(floors.of(['a'], 1)).toBeUndefined();
    floors.note(search(), 0);
    expect(floors.of(['a'], 1)).toBeUndefined();
    floors.note(search(), 0);
    expect(floors.of(['a'], 1)).toEqual([new Date(1_000)]);
  });

  it('give way to a search from the start after ten times as long as it took, and after a second', () => {
    const floors = slow();
    expect(floors.of(['a'], 199)).toBeDefined();
    expect(floors.of(['a'], 200)).toBeUndefined();
    floors.note(search({ ms: 500 }), 300);
    expect(floors.of(['a'], 1_299)).toBeDefined();
    expect(floors.of(['a'], 1_300)).toBeUndefined();
  });

  it('are none after a batch that was not full, or may not have reached all tenants', () => {
    for (const found of [batch(1_000, 17), batch(1_000, 3).slice(0, 5)]) {
      const floors = slow();
      floors.note(search({ found }), 10);
      expect(floors.of(['a'], 11)).toBeUndefined();
    }
    const floors = slow();
    floors.note(search({ wasFull: false }), 10);
    expect(floors.of(['a'], 11)).toBeUndefined();
  });
});

describeEngines('claims that begin at a floor', (on) => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld(on.engine);
  });
  afterEach(async () => {
    await world.close();
    await world.owner('truncate plinth.tasks, plinth.task_queue, plinth.task_timers, plinth.task_leases cascade');
  });
  const claim = async (size: number, floor: Date | null) => {
    const [, rows] = await world.platform.door.writeAll({ as: 'worker', memberRole: 'service' }, [
      { text: 'select 1', values: [] },
      {
        text: `select task_id from plinth.claim_tasks($1, $2, '{f.run}', $3, 10, '{}', false, 0, '{}', $4)`,
        values: [randomUUID(), randomUUID(), size, [floor]],
      },
    ]);
    return (rows as { task_id: string }[]).map(({ task_id }) => task_id);
  };
  /** Tasks that were due so many seconds ago. */
  const due = async (...seconds: number[]) => {
    const ids = await world.enqueue(...seconds.map(() => ({ task_type: 'f.run' })));
    for (const [n, id] of ids.entries()) {
      await world.owner(
        `update plinth.task_queue set run_at = now() - interval '1 second' * ${seconds[n]} where id = '${id}'`,
      );
    }
    return ids;
  };

  it('take what was due since then, and the rest when that is not enough', async () => {
    const [oldest, older, newer, newest] = await due(40, 30, 20, 10);
    const floor = new Date(Date.now() - 25_000);
    expect(await claim(1, floor)).toEqual([newer]);
    expect(await claim(2, floor)).toEqual([oldest, newest]);
    expect(await claim(5, floor)).toEqual([older]);
    expect(await claim(5, floor)).toEqual([]);
  });

  it('say when a task was due', async () => {
    await due(100);
    const before = Date.now();
    const [, rows] = await world.platform.door.writeAll({ as: 'worker', memberRole: 'service' }, [
      { text: 'select 1', values: [] },
      {
        text: `select due_ms, search_ms from plinth.claim_tasks($1, $2, '{f.run}', 1, 10, '{}', false, 0, '{}', $3)`,
        values: [randomUUID(), randomUUID(), [new Date(0)]],
      },
    ]);
    const { due_ms, search_ms } = rows![0] as { due_ms: number; search_ms: number };
    expect(Math.abs(due_ms - (before - 100_000))).toBeLessThan(60_000);
    expect(search_ms).toBeGreaterThan(0);
  });
});
