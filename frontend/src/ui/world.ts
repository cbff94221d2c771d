// The world as one flat picture: land, borders, and where a place is on it. It is
// heavy (shapes and projection), so only the map imports it, and the map is
// loaded when it is opened. The build thins the atlas; see vite.config.ts.
import { geoGraticule10, geoNaturalEarth1, geoPath } from 'd3-geo';
import type { MultiPoint } from 'geojson';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import countries from 'world-atlas/countries-110m.json';
import type { Coordinates } from '../lib/pins';
import type { Size } from '../lib/mapview';

/** The part of the globe that the picture shows. */
const north = 80;
const south = -57;

/** Units from the left edge of the picture to the right. */
const width = 1000;

/** How far a drawn curve may be from the true one, in units: none is seen to have corners, also near. */
const smooth = 0.1;

function build() {
  const atlas = countries as unknown as Topology<{ countries: GeometryCollection }>;
  const lived = atlas.objects.countries;
  const corners: MultiPoint = {
    type: 'MultiPoint',
    coordinates: [-180, 180].flatMap((lon) => [south, 0, north].map((lat) => [lon, lat])),
  };
  const projection = geoNaturalEarth1().precision(smooth).fitWidth(width, corners);
  const draw = geoPath(projection).digits(1);
  const [[, top], [, bottom]] = draw.bounds(corners);
  const size: Size = { width, height: bottom - top };
  projection.translate([projection.translate()[0], projection.translate()[1] - top]);
  return {
    size,
    land: draw(feature(atlas, lived)) ?? '',
    borders: draw(mesh(atlas, lived, (a, b) => a !== b)) ?? '',
    lines: draw(geoGraticule10()) ?? '',
    /** Where a place is on the picture. */
    at: ({ lat, lon }: Coordinates): { x: number; y: number } => {
      const [x, y] = projection([lon, lat]) ?? [0, 0];
      return { x, y };
    },
    /** The shortest way over the globe, as a path. */
    arc: (from: Coordinates, to: Coordinates): string =>
      draw({
        type: 'LineString',
        coordinates: [
          [from.lon, from.lat],
          [to.lon, to.lat],
        ],
      }) ?? '',
  };
}

/** The picture, drawn once. */
export type World = ReturnType<typeof build>;

let drawn: World | undefined;

/** The picture of the world. */
export const world = (): World => (drawn ??= build());
