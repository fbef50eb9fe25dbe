// Which promises are listed, in which order, and which run over a line.

import type { PromiseState, Service } from './types';

export interface Filter {
  text: string;
  state: PromiseState | 'all';
  class: string;
}

const RANK: Record<PromiseState, number> = { broken: 0, unknown: 1, kept: 2 };

/** Broken first, then unknown, then kept; within each the latest change first. */
export function listed(services: Service[], filter: Filter): Service[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return services
    .filter((service) => filter.state === 'all' || service.state === filter.state)
    .filter((service) => filter.class === '' || service.class === filter.class)
    .filter((service) => {
      const text = `${service.id} ${service.intent} ${service.class} ${service.a} ${service.z}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort(
      (x, y) =>
        RANK[x.state] - RANK[y.state] ||
        (x.state === 'kept' ? Number(y.moved) - Number(x.moved) : y.since - x.since) ||
        x.id.localeCompare(y.id, 'en', { numeric: true }),
    );
}

export function classes(services: Service[]): string[] {
  return [...new Set(services.map((service) => service.class))].sort();
}

/** Lines that a promise uses now, and those of its backups. */
export function linesOf(service: Service): { path: Set<string>; backup: Set<string> } {
  const of = (pick: 'path' | 'backup') =>
    new Set(service.directions.flatMap((direction) => direction[pick].map((hop) => hop.link)));
  return { path: of('path'), backup: of('backup') };
}

/** Promises whose path uses a line. */
export function over(services: Service[], link: string): Service[] {
  return services.filter((service) => service.directions.some((route) => route.path.some((hop) => hop.link === link)));
}
