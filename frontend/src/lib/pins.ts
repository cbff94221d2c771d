// Pins on a map: how far they are, and which of them share one mark.

/** A point on the globe, in degrees. */
export interface Coordinates {
  lat: number;
  lon: number;
}

const earthKm = 6371;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance in kilometres. */
export function distanceKm(a: Coordinates, b: Coordinates): number {
  const h =
    Math.sin(radians(b.lat - a.lat) / 2) ** 2 +
    Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(radians(b.lon - a.lon) / 2) ** 2;
  return 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** A thing with its place in the view, in pixels. */
export interface Spot {
  id: string;
  x: number;
  y: number;
}

/** Spots that share one mark, which stands at the first of them. */
export interface Cluster<T extends Spot> {
  id: string;
  x: number;
  y: number;
  spots: T[];
}

/**
 * Gathers spots that lie within a distance of a mark. The order of the spots is
 * kept: the first ones get marks, so those handed in nearest first come out
 * nearest first, and no two marks are nearer to each other than the distance.
 */
export function cluster<T extends Spot>(spots: readonly T[], distance: number): Cluster<T>[] {
  const out: Cluster<T>[] = [];
  // Marks by square of the size of the distance: only neighbours have to be compared.
  const squares = new Map<string, Cluster<T>[]>();
  const square = (at: number) => Math.floor(at / distance);
  for (const spot of spots) {
    const [sx, sy] = [square(spot.x), square(spot.y)];
    let best: Cluster<T> | undefined;
    let bestFar = distance;
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++)
        for (const mark of squares.get(`${String(sx + dx)} ${String(sy + dy)}`) ?? []) {
          const far = Math.hypot(mark.x - spot.x, mark.y - spot.y);
          if (far < bestFar) [best, bestFar] = [mark, far];
        }
    if (best !== undefined) {
      best.spots.push(spot);
      continue;
    }
    const mark = { id: spot.id, x: spot.x, y: spot.y, spots: [spot] };
    out.push(mark);
    const key = `${String(sx)} ${String(sy)}`;
    squares.set(key, [...(squares.get(key) ?? []), mark]);
  }
  return out;
}

/** The name of a country in a language; '' for a code that is none. */
export function countryName(code: string, language: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return '';
  try {
    return new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}
