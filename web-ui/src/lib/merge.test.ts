import { describe, expect, test } from 'vitest';
import { applyEvent, applyLive, TIMELINE } from './merge';
import { direction, link, live, service, snapshot } from './sample';
import type { Event } from './types';

describe('what moves', () => {
  test('only what moved gets a new identity', () => {
    const before = snapshot({ links: [link('one'), link('two')] });
    const { bandwidth: _, ...moved } = direction({ load: 900 });
    const after = applyLive(before, live({ links: [{ id: 'two', up: true, drained: false, aToZ: moved, zToA: moved }] }));
    expect(after?.links[0]).toBe(before.links[0]);
    expect(after?.services).toBe(before.services);
    expect(after?.links[1]?.aToZ).toMatchObject({ load: 900, bandwidth: 1000 });
    expect(before.links[1]?.aToZ.load).toBe(100);
  });

  test('measures that are gone become unknown', () => {
    const before = snapshot({ services: [service('s')] });
    const promise = { id: 's', state: 'unknown' as const, since: 9, why: 'silence', delay: [null], loss: [null] };
    const after = applyLive(before, live({ promises: [promise] }));
    expect(after?.services[0]).toMatchObject({ state: 'unknown', why: 'silence' });
    expect(after?.services[0]?.directions[0]?.delay).toBeNull();
  });

  test('other names ask for the whole picture', () => {
    expect(applyLive(snapshot({}), live({ resync: true }))).toBeNull();
  });
});

describe('events', () => {
  const event = (number: number): Event => ({ number, at: number, kind: 'device-up', node: 'r' });

  test('an event that is there already is not told twice', () => {
    const once = applyEvent(snapshot({}), event(5));
    expect(applyEvent(once, event(5))).toBe(once);
    expect(applyEvent(once, event(4))).toBe(once);
  });

  test('the timeline does not grow without end', () => {
    let shown = snapshot({});
    for (let n = 1; n <= TIMELINE + 10; n++) shown = applyEvent(shown, event(n));
    expect(shown.timeline).toHaveLength(TIMELINE);
    expect(shown.timeline.at(-1)?.number).toBe(TIMELINE + 10);
  });
});
