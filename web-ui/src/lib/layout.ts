// Where things lie on the map.

import { geoMercator, type GeoProjection } from 'd3-geo';
import type { Link, Node } from './types';

export interface Point {
  x: number;
  y: number;
}

/** What places a node. */
export type Place = Pick<Node, 'id' | 'lat' | 'lon'>;

/** A projection that shows all located nodes with a margin. */
export function projection(nodes: Place[], width: number, height: number): GeoProjection {
  const points = nodes.filter((node) => node.lat !== null && node.lon !== null);
  const coordinates = points.map((node) => [node.lon as number, node.lat as number]);
  const map = geoMercator();
  const margin = Math.min(width, height) * 0.08 + 8;
  const extent: [[number, number], [number, number]] = [
    [margin, margin],
    [Math.max(width - margin, margin + 1), Math.max(height - margin, margin + 1)],
  ];
  if (coordinates.length < 2) return map.fitExtent(extent, { type: 'Sphere' });
  return map.fitExtent(extent, { type: 'MultiPoint', coordinates });
}

/** Nodes that lie closer than this share a spot, pixels. */
const CLOSE = 9;

/** Places on screen. Nodes of one spot stand around it; nodes without a place stand in rows at the lower left. */
export function places(nodes: Place[], map: GeoProjection, height: number): Map<string, Point> {
  const out = new Map<string, Point>();
  const spots: { at: Point; ids: string[] }[] = [];
  const lost: string[] = [];
  for (const node of nodes) {
    const at = node.lat !== null && node.lon !== null ? map([node.lon, node.lat]) : null;
    if (!at) {
      lost.push(node.id);
      continue;
    }
    const [x, y] = at;
    const spot = spots.find((other) => Math.hypot(other.at.x - x, other.at.y - y) < CLOSE);
    if (spot) spot.ids.push(node.id);
    else spots.push({ at: { x, y }, ids: [node.id] });
  }
  for (const { at, ids } of spots) {
    const radius = ids.length === 1 ? 0 : Math.max(7, (ids.length * 9) / (2 * Math.PI));
    ids.forEach((id, i) => {
      const angle = (2 * Math.PI * i) / ids.length - Math.PI / 2;
      out.set(id, { x: at.x + radius * Math.cos(angle), y: at.y + radius * Math.sin(angle) });
    });
  }
  lost.forEach((id, i) => out.set(id, { x: 24 + (i % 12) * 16, y: height - 24 - Math.floor(i / 12) * 16 }));
  return out;
}

/** Lines as SVG paths. Lines between the same two nodes bow out beside each other. */
export function curves(links: Pick<Link, 'id' | 'a' | 'z'>[], at: Map<string, Point>): Map<string, string> {
  const beside = new Map<string, string[]>();
  for (const link of links) {
    const pair = link.a < link.z ? `${link.a} ${link.z}` : `${link.z} ${link.a}`;
    beside.set(pair, [...(beside.get(pair) ?? []), link.id]);
  }
  const out = new Map<string, string>();
  for (const link of links) {
    const [a, z] = [at.get(link.a), at.get(link.z)];
    if (!a || !z) continue;
    const pair = link.a < link.z ? `${link.a} ${link.z}` : `${link.z} ${link.a}`;
    const group = beside.get(pair) ?? [link.id];
    // From the lesser name to the greater, so that a bow has one side whatever way round the file has the ends.
    const [from, to] = link.a < link.z ? [a, z] : [z, a];
    const bow = (group.indexOf(link.id) - (group.length - 1) / 2) * 14;
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const mid = {
      x: (from.x + to.x) / 2 - ((to.y - from.y) / length) * bow,
      y: (from.y + to.y) / 2 + ((to.x - from.x) / length) * bow,
    };
    const n = (value: number) => value.toFixed(1);
    out.set(
      link.id,
      bow === 0
        ? `M${n(from.x)},${n(from.y)}L${n(to.x)},${n(to.y)}`
        : `M${n(from.x)},${n(from.y)}Q${n(mid.x)},${n(mid.y)} ${n(to.x)},${n(to.y)}`,
    );
  }
  return out;
}

/** The middle of a line as `curves` writes it: of its two ends, or of its ends and the point that it bows toward. */
export function middle(d: string): Point | null {
  const [x0, y0, x1, y1, x2, y2] = (d.match(/-?[\d.]+/g) ?? []).map(Number);
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return null;
  if (x2 === undefined || y2 === undefined) return { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
  return { x: (x0 + 2 * x1 + x2) / 4, y: (y0 + 2 * y1 + y2) / 4 };
}

/** What a role means on the map: size, shape, and at which zoom its name appears. */
export interface Look {
  shape: 'diamond' | 'square' | 'circle';
  size: number;
  rank: number;
}

export function look(role: string | null): Look {
  const text = (role ?? '').toLowerCase();
  if (/hq|head/.test(text)) return { shape: 'diamond', size: 8, rank: 0 };
  if (/dc|data/.test(text)) return { shape: 'square', size: 6.5, rank: 1 };
  if (/core|backbone/.test(text)) return { shape: 'circle', size: 5.5, rank: 2 };
  if (/prov|agg|region/.test(text)) return { shape: 'circle', size: 4.2, rank: 3 };
  return { shape: 'circle', size: 3, rank: 4 };
}

/** From which zoom on nodes of a rank have their name. */
const NAMED_FROM = [0, 0, 0, 1.7, 3.2];

/** Names that fit without covering each other at a zoom; the higher rank wins. */
export function names(nodes: Pick<Node, 'id' | 'role'>[], at: Map<string, Point>, zoom: number): Set<string> {
  const taken: { x: number; y: number; w: number }[] = [];
  const shown = new Set<string>();
  const byRank = [...nodes].sort((x, y) => look(x.role).rank - look(y.role).rank || x.id.localeCompare(y.id));
  for (const node of byRank) {
    const point = at.get(node.id);
    if (!point || zoom < (NAMED_FROM[look(node.role).rank] ?? 0)) continue;
    const box = { x: point.x * zoom, y: point.y * zoom, w: node.id.length * 6.6 + 14 };
    const covers = taken.some(
      (other) => Math.abs(other.y - box.y) < 14 && box.x < other.x + other.w && other.x < box.x + box.w,
    );
    if (covers) continue;
    taken.push(box);
    shown.add(node.id);
  }
  return shown;
}
