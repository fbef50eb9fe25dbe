// What the controller says, as its API writes it. Times are microseconds since the epoch, delays microseconds, loss 1e-9,
// rates bit/s. What is not known is null, never zero.

export type Micros = number;
export type Mode = 'observe' | 'recommend' | 'act';
export type Severity = 'info' | 'warning' | 'minor' | 'major' | 'error';
export type PromiseState = 'kept' | 'broken' | 'unknown';
export type Side = 'a' | 'z';

export type Session = { state: 'unknown' } | { state: 'up' } | { state: 'down'; why: string; since: Micros };

export interface Node {
  id: string;
  role: string | null;
  site: string | null;
  lat: number | null;
  lon: number | null;
  protocol: string | null;
  session: Session;
  policies: number;
  /** What it was seen to hold otherwise than it should. */
  differs: Difference[];
  /** Why it is not known whether it holds what it should; null where it was compared. */
  uncompared: string | null;
  /** What of it people accepted otherwise than the intents ask for. */
  exceptions: Exception[];
  /** How many YANG modules it serves. */
  modules: number | null;
  /** What becomes there of a change that is not confirmed; null where it did not say. */
  rollback: 'byDevice' | 'withSession' | 'byPreImage' | null;
}

/** An object of the controller's that a router holds otherwise than it should. */
export interface Difference {
  object: string;
  deviation: 'missing' | 'changed' | 'unexpected';
  /** Those that differ; of objects beyond the first fifty none. */
  fields: { field: string; wanted: string | null; found: string | null }[];
}

/** Objects that somebody accepted on a router as they are held there. */
export interface Exception {
  who: string;
  since: Micros;
  why: string;
  /** It stands until somebody takes it back where there is none. */
  until: Micros | null;
  objects: Difference[];
}

export interface Queue {
  name: string;
  load: number | null;
  guarantee: number;
  drops: number | null;
}

export interface Direction {
  bandwidth: number;
  load: number | null;
  delay: number | null;
  plannedDelay: number;
  jitter: number | null;
  loss: number | null;
  score: number | null;
  reasons: string[];
  queues: Queue[];
}

export interface Link {
  id: string;
  a: string;
  z: string;
  role: string | null;
  up: boolean | null;
  drained: boolean;
  aToZ: Direction;
  zToA: Direction;
}

export interface Hop {
  link: string;
  from: Side;
}

export interface Route {
  from: string;
  to: string;
  path: Hop[];
  backup: Hop[];
  segments: string[];
  reasons: string[];
  delay: number | null;
  loss: number | null;
}

export interface Service {
  id: string;
  intent: string;
  class: string;
  a: string;
  z: string;
  state: PromiseState;
  since: Micros;
  why: string | null;
  /** The loop moved it away from its planned path. */
  moved: boolean;
  /** People moved services off full links: it was one of them, or is held where it is so that it does not take the room. */
  balanced: 'moved' | 'held' | null;
  refused: string | null;
  directions: Route[];
}

export interface Alarm {
  alarm: string;
  subject: string;
  severity: Severity;
  since: Micros;
  why: string;
  services: string[];
  riding: string[];
}

export interface Finding {
  code: string;
  severity: Severity;
  subject: string;
  message: string;
  help: string | null;
}

export interface Counts {
  devices: number;
  read: number;
  inSync: number;
  intents: number;
  services: number;
  policies: number;
  kept: number;
  broken: number;
  unknown: number;
}

export interface Header {
  at: Micros;
  revision: number;
  intents: number;
  mode: Mode;
  adopted: boolean;
  changing: boolean;
  counts: Counts;
  alarms: Alarm[];
  drained: string[];
}

export interface Snapshot extends Header {
  nodes: Node[];
  links: Link[];
  services: Service[];
  timeline: Event[];
  findings: Finding[];
}

export interface Live extends Header {
  resync: boolean;
  nodes: Pick<Node, 'id' | 'session' | 'policies' | 'differs' | 'uncompared' | 'exceptions' | 'modules' | 'rollback'>[];
  links: {
    id: string;
    up: boolean | null;
    drained: boolean;
    aToZ: Omit<Direction, 'bandwidth'>;
    zToA: Omit<Direction, 'bandwidth'>;
  }[];
  promises: {
    id: string;
    state: PromiseState;
    since: Micros;
    why: string | null;
    delay: (number | null)[];
    loss: (number | null)[];
  }[];
  services: Service[];
  findings: Finding[] | null;
}

export type EventKind =
  | { kind: 'started'; devices: number; adopted: boolean }
  | { kind: 'device-up'; node: string }
  | { kind: 'device-down'; node: string; why: string }
  | { kind: 'source-up'; source: string }
  | { kind: 'source-down'; source: string; why: string }
  | { kind: 'in-sync'; devices: number; tookMs: number }
  | { kind: 'adopted'; who: string }
  | { kind: 'excepted'; nodes: string[]; objects: number; who: string; why: string; until: Micros | null }
  | { kind: 'exception-ended'; node: string; objects: string[]; who: string; why: string }
  | { kind: 'mode-changed'; mode: Mode; who: string }
  | { kind: 'drained'; subject: string; drained: boolean; who: string }
  | { kind: 'balanced'; services: string[]; held: number; back: boolean; who: string }
  | { kind: 'window-opened'; window: string; on: string[]; why: string }
  | { kind: 'window-closed'; window: string; why: string }
  | { kind: 'intents-accepted'; revision: number; intents: number; services: number; who: string }
  | { kind: 'alarm-raised'; alarm: string; subject: string; severity: Severity; why: string; services: string[] }
  | { kind: 'alarm-cleared'; alarm: string; subject: string; was: Severity }
  | { kind: 'promise-broken'; service: string; what: string }
  | { kind: 'promise-kept'; service: string }
  | { kind: 'promise-unknown'; service: string; why: string }
  | {
      kind: 'proposed';
      why: string;
      headline: string;
      services: string[];
      devices: number;
      compileMs: number;
      planMs: number;
      proveMs: number;
      act: boolean;
    }
  | { kind: 'rejected'; why: string; findings: Finding[] }
  | { kind: 'transaction-begun'; id: number; phase: 'make' | 'move' | 'break'; devices: number }
  | {
      kind: 'transaction-ended';
      id: number;
      ending: 'applied' | 'rolled-back' | 'unresolved';
      unresolved: string[];
      errors: string[];
      commitMs: number;
      readbackMs: number;
      confirmMs: number;
    }
  | {
      kind: 'rerouted';
      services: string[];
      back: boolean;
      why: string;
      breachToPlanMs: number;
      breachToAckMs: number;
      readbackMs?: number;
      confirmMs?: number;
    }
  | { kind: 'wave-watched'; wave: number; of: number; services: string[]; devices: number; settleMs: number }
  | { kind: 'wave-stopped'; wave: number; of: number; why: string }
  | { kind: 'drift'; findings: Finding[] }
  | { kind: 'frozen'; service: string; why: string }
  | { kind: 'audit-broken'; why: string }
  | { kind: 'journal-failed'; why: string };

export type Event = { number: number; at: Micros } & EventKind;
