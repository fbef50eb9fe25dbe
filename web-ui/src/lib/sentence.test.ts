import { expect, test } from 'vitest';
import { entry, timeline } from './sentence';
import type { Event } from './types';

test('a reroute tells how fast it was', () => {
  const told = entry({
    number: 1,
    at: 1,
    kind: 'rerouted',
    services: ['s1', 's2'],
    back: false,
    why: 'line1 is bad',
    breachToPlanMs: 31.72,
    breachToAckMs: 1234,
  });
  expect(told.text).toBe('2 services moved to a better path');
  expect(told.figures).toEqual(['breach → plan 31.7 ms', 'breach → acknowledged 1.23 s']);
  expect(told.good).toBe(true);
});

test('who is held in place is not counted among the moved', () => {
  const told = entry({ number: 1, at: 1, kind: 'balanced', services: ['s1'], held: 4, back: false, who: 'mei' });
  expect(told.text).toBe('1 service moved off full links, asked by mei');
  expect(told.figures).toEqual(['s1', '4 held in place']);
});

test('a change in waves tells what is looked at, and why it went no further', () => {
  const watched = entry({ number: 1, at: 1, kind: 'wave-watched', wave: 1, of: 2, services: ['s1'], devices: 3, settleMs: 60000 });
  expect(watched.text).toBe('Wave 1 of 2 done, looked at for 60 s before the next');
  expect(watched.figures).toEqual(['1 service', '3 routers']);
  const stopped = entry({ number: 2, at: 2, kind: 'wave-stopped', wave: 1, of: 2, why: 'the promise of s1 is broken' });
  expect(stopped.text).toBe('Change stopped after wave 1 of 2, what stands of it is taken back');
  expect([stopped.severity, stopped.why]).toEqual(['major', 'the promise of s1 is broken']);
});

test('what was accepted on a router tells by whom, why and until when, and that it is over', () => {
  const made = { number: 1, at: 1, kind: 'excepted' as const, nodes: ['r1'], objects: 2, who: 'mei', why: 'CHG9' };
  const told = entry({ ...made, until: 4_102_444_800_000_000 });
  expect([told.text, told.why, told.subject]).toEqual(['2 objects accepted as held on r1 by mei', 'CHG9', 'r1']);
  expect(told.figures).toHaveLength(1);
  expect(told.figures[0]).toMatch(/^until .*(2099|2100)/);
  expect(entry({ ...made, until: null }).figures).toEqual([]);
  const over = entry({
    number: 2,
    at: 2,
    kind: 'exception-ended',
    node: 'r1',
    objects: ['classifier'],
    who: 'mei',
    why: 'its time is over',
  });
  expect([over.text, over.why]).toEqual(['Exception of mei on r1 is over', 'its time is over']);
});

test('routers that answer one after the other are one piece of news', () => {
  const events: Event[] = [
    { number: 1, at: 1, kind: 'started', devices: 3, adopted: false },
    { number: 2, at: 2, kind: 'device-up', node: 'a' },
    { number: 3, at: 3, kind: 'device-up', node: 'b' },
    { number: 4, at: 4, kind: 'device-down', node: 'c', why: 'silence' },
    { number: 5, at: 5, kind: 'device-up', node: 'c' },
  ];
  expect(timeline(events).map((one) => one.text)).toEqual([
    'c answers and was read',
    'c cannot be driven',
    '2 routers answer and were read',
    'Controller started with 3 routers; it only observes until the network is adopted',
  ]);
});

test('a kind that this page does not know is shown all the same', () => {
  const strange = { number: 1, at: 1, kind: 'moon-eclipsed' } as unknown as Event;
  expect(entry(strange).text).toBe('moon eclipsed');
});

test('an unknown outcome is an error and names the routers', () => {
  const told = entry({
    number: 1,
    at: 1,
    kind: 'transaction-ended',
    id: 4,
    ending: 'unresolved',
    unresolved: ['r1', 'r2'],
    errors: ['r1: silence'],
    commitMs: 1,
    readbackMs: 0,
    confirmMs: 0,
  });
  expect(told).toMatchObject({ severity: 'error', why: 'r1: silence' });
  expect(told.text).toContain('unknown on r1, r2');
});
