import { expect, test } from 'vitest';
import { bandOf, worstOfLink } from './load';
import { direction, link } from './sample';

const queue = (name: string, load: number | null, guarantee = 100, drops: number | null = 0) => ({ name, load, guarantee, drops });

test('the worst queue decides, not the sum', () => {
  const busy = link('l', { aToZ: direction({ load: 100, queues: [queue('ef', 10), queue('af4', 95)] }) });
  expect(worstOfLink(busy)).toMatchObject({ queue: 'af4', use: 0.95 });
  expect(bandOf(busy)).toBe('tight');
});

test('drops are worst whatever the load', () => {
  const dropping = link('l', { zToA: direction({ queues: [queue('be', 1, 100, 3), queue('ef', 99)] }) });
  expect(bandOf(dropping)).toBe('over');
  expect(worstOfLink(dropping)?.queue).toBe('be');
});

test('a queue without a promise counts only by its drops', () => {
  const best = link('l', { aToZ: direction({ queues: [queue('be', 500, 0)] }) });
  expect(bandOf(best)).toBe('calm');
});

test('what is not known is never calm', () => {
  expect(bandOf(link('l', { aToZ: direction({ load: null }) }))).toBe('unknown');
  expect(bandOf(link('l', { up: null }))).toBe('unknown');
  expect(bandOf(link('l', { up: false, aToZ: direction({ load: null }) }))).toBe('down');
});
