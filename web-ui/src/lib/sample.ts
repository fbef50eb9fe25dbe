// Small values for tests.

import type { Direction, Link, Live, Node, Service, Snapshot } from './types';

const header = {
  at: 1_000_000,
  revision: 1,
  intents: 1,
  mode: 'act' as const,
  adopted: true,
  changing: false,
  counts: { devices: 0, read: 0, inSync: 0, intents: 0, services: 0, policies: 0, kept: 0, broken: 0, unknown: 0 },
  alarms: [],
  drained: [],
};

export function snapshot(part: Partial<Snapshot>): Snapshot {
  return { ...header, nodes: [], links: [], services: [], timeline: [], findings: [], ...part };
}

export function live(part: Partial<Live>): Live {
  return { ...header, resync: false, nodes: [], links: [], promises: [], services: [], findings: null, ...part };
}

export function direction(part: Partial<Direction>): Direction {
  return {
    bandwidth: 1000,
    load: 100,
    delay: 5000,
    plannedDelay: 5000,
    jitter: 10,
    loss: 0,
    score: 100,
    reasons: [],
    queues: [],
    ...part,
  };
}

export function link(id: string, part: Partial<Link> = {}): Link {
  const [aToZ, zToA] = [direction({}), direction({})];
  return { id, a: 'a', z: 'z', role: null, up: true, drained: false, aToZ, zToA, ...part };
}

export function node(id: string, part: Partial<Node> = {}): Node {
  const session = { state: 'up' as const };
  const holds = { policies: 0, differs: [], uncompared: null, exceptions: [], modules: null, rollback: null };
  return { id, role: null, site: null, lat: null, lon: null, protocol: 'gnmi', session, ...holds, ...part };
}

export function service(id: string, part: Partial<Service> = {}): Service {
  const path = [{ link: 'one', from: 'a' as const }];
  const route = { from: 'a', to: 'z', path, backup: [], segments: [], reasons: [], delay: 7, loss: 0 };
  return {
    id,
    intent: id,
    class: 'voice',
    a: 'a',
    z: 'z',
    state: 'kept',
    since: 1,
    why: null,
    moved: false,
    balanced: null,
    refused: null,
    directions: [route],
    ...part,
  };
}
