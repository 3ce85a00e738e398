import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Engine } from '../db/engine.ts';
import { startHints } from './hints.ts';
import { makeWakeups } from './wakeups.ts';

/** A connection that takes its time for each statement, and notes when two overlap. */
class SlowClient extends EventEmitter {
  readonly sent: string[] = [];
  overlaps = 0;
  #underWay = 0;

  async query(_text: string, [, payloads = []]: [string?, string[]?] = []): Promise<void> {
    if (this.#underWay++ > 0) this.overlaps++;
    await sleep(50);
    this.#underWay--;
    this.sent.push(...payloads.map((payload) => payload.split(' ')[1] ?? ''));
  }

  release(): void {}
}

it('sends one statement at a time, and everything before it stops', async () => {
  const client = new SlowClient();
  const engine = { capabilities: { listen: true }, directPool: { connect: async () => client } } as unknown as Engine;
  const wakeups = makeWakeups();
  const hints = startHints(engine, wakeups, pino({ level: 'silent' }));
  await expect.poll(() => hints.listening).toBe(true);
  for (const channel of ['a', 'b', 'c', 'd']) {
    wakeups.wake(channel);
    await sleep(30);
  }
  wakeups.wake('last');
  await hints.stop();
  expect(client.sent.toSorted()).toEqual(['a', 'b', 'c', 'd', 'last']);
  expect(client.overlaps).toBe(0);
});
