import { describe, expect, test } from 'vitest';
import { world } from './world';

// A pin in the wrong country is worse than none.
describe('the picture of the world', () => {
  const { size, at, arc, land, borders } = world();

  test('has land and borders', () => {
    expect(land.length).toBeGreaterThan(10_000);
    expect(borders.length).toBeGreaterThan(1000);
  });

  test.each([
    ['the middle', { lat: 0, lon: 0 }, 0.5],
    ['far west', { lat: 0, lon: -180 }, 0],
    ['far east', { lat: 0, lon: 180 }, 1],
  ])('%s is where it belongs', (_, place, share) => {
    expect(at(place).x / size.width).toBeCloseTo(share, 2);
  });

  test('north is up, and every inhabited place is inside', () => {
    expect(at({ lat: 60, lon: 10 }).y).toBeLessThan(at({ lat: 40, lon: 10 }).y);
    for (const lat of [-54.8, -33, 0, 51, 78.2])
      for (const lon of [-179, -68, 0, 15, 151, 179]) {
        const { x, y } = at({ lat, lon });
        expect(x >= 0 && x <= size.width && y >= 0 && y <= size.height).toBe(true);
      }
  });

  test('an arc bends to the pole, and is cut at the date line instead of crossing the map', () => {
    const tops = [...arc({ lat: 50, lon: -100 }, { lat: 50, lon: 100 }).matchAll(/,(-?[\d.]+)/g)].map((m) =>
      Number(m[1]),
    );
    expect(Math.min(...tops)).toBeLessThan(at({ lat: 60, lon: 0 }).y);
    expect(arc({ lat: 35, lon: 140 }, { lat: 37, lon: -122 }).match(/M/g)).toHaveLength(2);
    expect(arc({ lat: 50, lon: 8 }, { lat: 48, lon: 2 }).match(/M/g)).toHaveLength(1);
  });
});
