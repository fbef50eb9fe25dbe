// The coast lines of the world (Natural Earth, without borders), read once from our own server.

import type { GeoPermissibleObjects } from 'd3-geo';
import { feature } from 'topojson-client';
import type { GeometryObject, Topology } from 'topojson-specification';
import file from 'world-atlas/land-50m.json?url';

export type Land = GeoPermissibleObjects;

export async function land(): Promise<Land> {
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`the coast lines: ${answer.status}`);
  const atlas = (await answer.json()) as Topology<{ land: GeometryObject }>;
  return feature(atlas, atlas.objects.land);
}
