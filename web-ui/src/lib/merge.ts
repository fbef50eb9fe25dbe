// Puts what moved into the picture that is shown. Values are replaced, never changed in place, so that what did not move
// keeps its identity and is not drawn again.

import type { Event, Live, Snapshot } from './types';

/** Events that are kept for the timeline. */
export const TIMELINE = 500;

/** The picture after `live`; nothing when the whole picture must be read again. */
export function applyLive(before: Snapshot, live: Live): Snapshot | null {
  if (live.resync) return null;
  const nodes = new Map(live.nodes.map((node) => [node.id, node]));
  const links = new Map(live.links.map((link) => [link.id, link]));
  const promises = new Map(live.promises.map((promise) => [promise.id, promise]));
  const services = new Map(live.services.map((service) => [service.id, service]));
  return {
    ...before,
    at: live.at,
    revision: live.revision,
    intents: live.intents,
    mode: live.mode,
    adopted: live.adopted,
    changing: live.changing,
    counts: live.counts,
    alarms: live.alarms,
    drained: live.drained,
    findings: live.findings ?? before.findings,
    nodes:
      nodes.size === 0
        ? before.nodes
        : before.nodes.map((node) => {
            const moved = nodes.get(node.id);
            return moved ? { ...node, ...moved } : node;
          }),
    links:
      links.size === 0
        ? before.links
        : before.links.map((link) => {
            const moved = links.get(link.id);
            if (!moved) return link;
            const aToZ = { ...link.aToZ, ...moved.aToZ };
            return { ...link, ...moved, aToZ, zToA: { ...link.zToA, ...moved.zToA } };
          }),
    services:
      promises.size + services.size === 0
        ? before.services
        : before.services.map((service) => {
            const whole = services.get(service.id) ?? service;
            const moved = promises.get(service.id);
            if (!moved) return whole;
            const directions = whole.directions.map((direction, i) => ({
              ...direction,
              delay: moved.delay[i] ?? null,
              loss: moved.loss[i] ?? null,
            }));
            return { ...whole, state: moved.state, since: moved.since, why: moved.why, directions };
          }),
  };
}

/** The timeline with one more event; one that is there already changes nothing. */
export function applyEvent(before: Snapshot, event: Event): Snapshot {
  const last = before.timeline.at(-1);
  if (last && event.number <= last.number) return before;
  return { ...before, timeline: [...before.timeline, event].slice(-TIMELINE) };
}
