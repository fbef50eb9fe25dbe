import { describe, expect, test } from 'vitest';
import { bytes } from './command';
import { delay, loss, percent, rate, span } from './format';
import { curves, middle, names, places, projection } from './layout';
import { node, service } from './sample';
import { linesOf, listed, over } from './services';
import { Parser } from './sse';

describe('numbers', () => {
  test('are short, and unknown is said', () => {
    expect(rate(1_540_000_000)).toBe('1.54 Gbps');
    expect(rate(0)).toBe('0 bps');
    expect(rate(null)).toBe('unknown');
    expect(delay(999)).toBe('999 µs');
    expect(delay(12_345)).toBe('12.3 ms');
    expect(loss(20_000_000)).toBe('2%');
    expect(loss(20_228_952)).toBe('2%');
    expect(loss(1_250_000)).toBe('0.13%');
    expect(loss(3)).toBe('<0.001%');
    expect(loss(null)).toBe('unknown');
    expect(percent(null)).toBe('unknown');
    expect(span(3_725)).toBe('1 h 2 min');
    expect(span(-4)).toBe('0 s');
  });
});

describe('the stream', () => {
  test('gives whole messages however it is cut', () => {
    const text = ': alive\n\nevent:event\nid:3\ndata:{"a":\ndata:1}\n\r\nevent: live\ndata: 北\n\n';
    for (let size = 1; size < text.length; size++) {
      const parser = new Parser();
      const got = [];
      for (let i = 0; i < text.length; i += size) got.push(...parser.feed(text.slice(i, i + size)));
      expect(got).toEqual([
        { name: 'event', data: '{"a":\n1}' },
        { name: 'live', data: '北' },
      ]);
    }
  });
});

describe('promises', () => {
  const services = [
    service('b-kept'),
    service('a-kept'),
    service('unsure', { state: 'unknown' }),
    service('old', { state: 'broken', since: 1 }),
    service('new', { state: 'broken', since: 9, class: 'video' }),
  ];
  const all = { text: '', state: 'all' as const, class: '' };

  test('are listed broken first, the latest on top', () => {
    expect(listed(services, all).map((one) => one.id)).toEqual(['new', 'old', 'unsure', 'a-kept', 'b-kept']);
  });

  test('are found by words, state and class', () => {
    expect(listed(services, { ...all, text: 'VOICE kept' }).map((one) => one.id)).toEqual(['a-kept', 'b-kept']);
    expect(listed(services, { ...all, state: 'unknown' })).toHaveLength(1);
    expect(listed(services, { ...all, class: 'video' })).toHaveLength(1);
  });

  test('are known by their lines', () => {
    expect(over(services, 'one')).toHaveLength(5);
    expect(over(services, 'two')).toHaveLength(0);
    expect([...linesOf(service('s')).path]).toEqual(['one']);
  });
});

describe('the map', () => {
  test('knows the middle of a line, straight or bowed', () => {
    expect(middle('M0.0,0.0L10.0,-20.0')).toEqual({ x: 5, y: -10 });
    expect(middle('M0.0,0.0Q5.0,8.0 10.0,0.0')).toEqual({ x: 5, y: 4 });
    expect(middle('')).toBeNull();
  });

  const nodes = [
    node('a', { lat: 39.9, lon: 116.4, role: 'hq' }),
    node('b', { lat: 39.9, lon: 116.4, role: 'branch' }),
    node('c', { lat: 23.1, lon: 113.3, role: 'core' }),
    node('lost'),
  ];
  const at = places(nodes, projection(nodes, 800, 600), 600);

  test('keeps nodes of one place apart and inside the picture, and shows those without a place', () => {
    const [a, b] = [at.get('a'), at.get('b')];
    expect(Math.hypot((a?.x ?? 0) - (b?.x ?? 0), (a?.y ?? 0) - (b?.y ?? 0))).toBeGreaterThan(8);
    expect(at.size).toBe(4);
    for (const { x, y } of at.values()) {
      expect(x > 0 && x < 800 && y > 0 && y < 600).toBe(true);
    }
  });

  test('draws lines between the same nodes beside each other', () => {
    const drawn = curves(
      [
        { id: '1', a: 'a', z: 'c' },
        { id: '2', a: 'c', z: 'a' },
        { id: '3', a: 'a', z: 'nowhere' },
      ],
      at,
    );
    expect(drawn.size).toBe(2);
    expect(drawn.get('1')).not.toBe(drawn.get('2'));
    expect(drawn.get('1')).toMatch(/^M[\d.,-]+Q/);
  });

  test('names what matters first and more when looked at closely', () => {
    expect(names(nodes, at, 1).has('a')).toBe(true);
    expect(names(nodes, at, 1).has('b')).toBe(false);
    expect(names(nodes, at, 8).has('b')).toBe(true);
  });
});

test('a name in any script becomes header bytes', () => {
  expect([...bytes('王')].map((c) => c.charCodeAt(0))).toEqual([0xe7, 0x8e, 0x8b]);
});
