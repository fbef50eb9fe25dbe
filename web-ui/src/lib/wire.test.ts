// What the engine really writes (the API's test `wire` keeps the file true) is read here as the types say.

import { expect, test } from 'vitest';
import { worstOfLink } from './load';
import { applyLive } from './merge';
import { entry } from './sentence';
import type { Live, Snapshot } from './types';
import wire from './wire.json';

const snapshot = wire.snapshot as unknown as Snapshot;
const live = wire.live as unknown as Live;

test('every kind of event has its sentence and all its figures', () => {
  expect(snapshot.timeline.length).toBeGreaterThan(20);
  for (const event of snapshot.timeline) {
    const told = entry(event);
    const text = JSON.stringify(told);
    expect(text, event.kind).not.toMatch(/undefined|NaN/);
    expect(told.text, 'not the sentence of last resort').not.toBe(event.kind.replaceAll('-', ' '));
  }
});

test('a picture has all that is drawn', () => {
  const [link] = snapshot.links;
  expect(link && worstOfLink(link)).toEqual({ use: 0.5, queue: 'ef', drops: false });
  expect(link).toMatchObject({ up: null, drained: true });
  expect(snapshot.nodes.map((node) => node.session.state)).toEqual(['up', 'down']);
  expect(snapshot.nodes[0]?.exceptions[0]).toMatchObject({ who: 'mei', until: null });
  expect(snapshot.nodes[0]?.exceptions[0]?.objects[0]?.deviation).toBe('changed');
  expect(snapshot.services[0]).toMatchObject({ state: 'broken', moved: true, balanced: 'held' });
  expect(snapshot.services[0]?.directions[0]?.path).toEqual([{ link: 'l1', from: 'a' }]);
  expect(snapshot.alarms[0]?.severity).toBe('major');
});

test('what moves fits into the picture that it moves', () => {
  expect(applyLive(snapshot, live)).toEqual(snapshot);
});
