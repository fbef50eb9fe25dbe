// How a line does: one word that decides its colour.

import type { Direction, Link, Queue } from './types';

/** From calm to worst; `down` and `unknown` are no degrees of load. */
export type Band = 'calm' | 'busy' | 'high' | 'tight' | 'over' | 'down' | 'unknown';

export const BANDS: { band: Band; label: string }[] = [
  { band: 'calm', label: 'below 40%' },
  { band: 'busy', label: '40 – 60%' },
  { band: 'high', label: '60 – 80%' },
  { band: 'tight', label: '80 – 100%' },
  { band: 'over', label: 'over, or drops' },
];

/** The line that an alarm is about: its subject is one direction of it, `line>` from a to z or `line<` back. */
export function lineOf(subject: string): string {
  return subject.replace(/[<>]$/, '');
}

/** How much of what it was promised a queue uses; null where nothing was promised to it or its load is not known. */
export function queueUse(queue: Queue): number | null {
  return queue.guarantee > 0 && queue.load !== null ? queue.load / queue.guarantee : null;
}

/** How much of the line is used. */
export function lineUse(direction: Direction): number | null {
  return direction.load !== null && direction.bandwidth > 0 ? direction.load / direction.bandwidth : null;
}

export interface Worst {
  /** Load over guarantee of the worst queue, or load over capacity of the line where that is worse. */
  use: number;
  /** Name of the queue; null for the line as a whole. */
  queue: string | null;
  drops: boolean;
}

/** The worst queue of one direction; null where nothing is known. */
export function worstOf(direction: Direction): Worst | null {
  const use = lineUse(direction);
  let worst: Worst | null = use === null ? null : { use, queue: null, drops: false };
  for (const queue of direction.queues) {
    const drops = (queue.drops ?? 0) > 0;
    const share = queueUse(queue) ?? (drops ? 1 : null);
    if (share === null) continue;
    if (!worst || (drops && !worst.drops) || (drops === worst.drops && share > worst.use)) {
      worst = { use: share, queue: queue.name, drops };
    }
  }
  return worst;
}

/** The worse of both directions; null where either is not known: half a picture is none. */
export function worstOfLink(link: Link): Worst | null {
  const there = worstOf(link.aToZ);
  const back = worstOf(link.zToA);
  if (!there || !back) return null;
  if (there.drops !== back.drops) return there.drops ? there : back;
  return there.use >= back.use ? there : back;
}

export function bandOf(link: Link): Band {
  if (link.up === false) return 'down';
  const worst = worstOfLink(link);
  if (link.up === null || !worst) return 'unknown';
  if (worst.drops || worst.use > 1) return 'over';
  if (worst.use >= 0.8) return 'tight';
  if (worst.use >= 0.6) return 'high';
  return worst.use >= 0.4 ? 'busy' : 'calm';
}

const ORDER: Band[] = ['unknown', 'calm', 'busy', 'high', 'tight', 'over', 'down'];

/** For drawing: what matters more lies on top. */
export function weight(band: Band): number {
  return ORDER.indexOf(band);
}
