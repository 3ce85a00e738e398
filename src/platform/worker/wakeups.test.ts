import { expect, test } from 'vitest';
import { makeBell, makeWakeups } from './wakeups.ts';

test('a wake-up reaches the listeners of its channel and is carried on once', () => {
  const wakeups = makeWakeups();
  const heard: string[] = [];
  const carried: string[] = [];
  wakeups.subscribe('tasks', () => heard.push('tasks'));
  wakeups.subscribe('events', () => heard.push('events'));
  wakeups.onWake((channel) => carried.push(channel));
  wakeups.wake('tasks');
  expect([heard, carried]).toEqual([['tasks'], ['tasks']]);
});

test('a hint from elsewhere goes no further', () => {
  const wakeups = makeWakeups();
  const carried: string[] = [];
  let heard = 0;
  wakeups.subscribe('tasks', () => heard++);
  wakeups.onWake((channel) => carried.push(channel));
  wakeups.receive('tasks');
  wakeups.receiveAll();
  expect([heard, carried]).toEqual([2, []]);
});

test('who has unsubscribed hears nothing', () => {
  const wakeups = makeWakeups();
  let heard = 0;
  wakeups.subscribe('tasks', () => heard++)();
  wakeups.wake('tasks');
  expect(heard).toBe(0);
});

test('a bell wakes everybody who waits, and nobody who comes later', async () => {
  const bell = makeBell();
  const first = bell.rung();
  const second = bell.rung(60_000);
  bell.ring();
  expect(await Promise.all([first, second])).toEqual([true, true]);
  expect(await bell.rung(5)).toBe(false);
});
