import { describe, expect, test } from 'vitest';
import { type Camera, hold, MaxZoom, panBy, scaleOf, toView, wholeOf, zoomBy } from './mapview';
import { cluster, countryName, distanceKm } from './pins';

const picture = { width: 1000, height: 500 };
const view = { width: 500, height: 500 };
const whole = wholeOf(picture);

// A map that drifts away or zooms beside the pointer makes people lost.
describe('the camera', () => {
  test('shows the whole picture at first, whatever the shape of the view', () => {
    expect(toView(whole, picture, view, 0, 0)).toEqual({ x: 0, y: 125 });
    expect(toView(whole, picture, view, 1000, 500)).toEqual({ x: 500, y: 375 });
  });

  test('a point under the pointer stays under it while zooming', () => {
    const near = zoomBy(whole, picture, view, 4);
    const at = { x: 300, y: 220 };
    const scale = scaleOf(near, picture, view);
    const under = { x: near.x + (at.x - 250) / scale, y: near.y + (at.y - 250) / scale };
    const nearer = zoomBy(near, picture, view, 1.5, at);
    const after = toView(nearer, picture, view, under.x, under.y);
    expect(after.x).toBeCloseTo(at.x);
    expect(after.y).toBeCloseTo(at.y);
  });

  test.each<[string, Camera]>([
    ['too far out', { x: 500, y: 250, zoom: 0.1 }],
    ['too near', { x: 500, y: 250, zoom: 999 }],
    ['off the left edge', { x: -4000, y: 250, zoom: 8 }],
    ['off the lower edge', { x: 500, y: 9000, zoom: 8 }],
  ])('%s is held at the edge of the picture', (_, camera) => {
    const held = hold(camera, picture, view);
    expect(held.zoom).toBeGreaterThanOrEqual(1);
    expect(held.zoom).toBeLessThanOrEqual(MaxZoom);
    const [first, last] = [toView(held, picture, view, 0, 0), toView(held, picture, view, 1000, 500)];
    expect(first.x).toBeLessThanOrEqual(0);
    expect(last.x).toBeGreaterThanOrEqual(view.width);
    if (held.zoom >= 2) {
      expect(first.y).toBeLessThanOrEqual(0);
      expect(last.y).toBeGreaterThanOrEqual(view.height);
    }
  });

  test('there and back again is where it was', () => {
    const near = zoomBy(whole, picture, view, 6);
    const back = panBy(panBy(near, picture, view, 80, -40), picture, view, -80, 40);
    expect(back.x).toBeCloseTo(near.x);
    expect(back.y).toBeCloseTo(near.y);
  });
});

// Pins that cover each other cannot be told apart, nor hit.
describe('pins', () => {
  test('are gathered around the nearest mark, in the order they came', () => {
    const spots = [
      { id: 'a', x: 0, y: 0 },
      { id: 'b', x: 50, y: 0 },
      { id: 'c', x: 27, y: 0 },
      { id: 'd', x: 200, y: 200 },
    ];
    const marks = cluster(spots, 30);
    expect(marks.map((m) => [m.id, m.spots.map((s) => s.id).join('')])).toEqual([
      ['a', 'a'],
      ['b', 'bc'],
      ['d', 'd'],
    ]);
  });

  test('10,000 of them leave no two marks nearer than the distance, and lose nobody', () => {
    // A fixed row of numbers that looks random.
    let seed = 7;
    const next = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const spots = Array.from({ length: 10_000 }, (_, i) => ({ id: String(i), x: next() * 1200, y: next() * 700 }));
    const marks = cluster(spots, 30);
    expect(marks.reduce((n, m) => n + m.spots.length, 0)).toBe(10_000);
    const near = marks.filter((a, i) => marks.some((b, j) => i < j && Math.hypot(a.x - b.x, a.y - b.y) < 30));
    expect(near).toEqual([]);
  });

  test('distances are those of the globe, also over the date line', () => {
    const berlin = { lat: 52.52, lon: 13.4 };
    expect(distanceKm(berlin, { lat: 48.86, lon: 2.35 })).toBeGreaterThan(860);
    expect(distanceKm(berlin, { lat: 48.86, lon: 2.35 })).toBeLessThan(890);
    expect(distanceKm({ lat: 0, lon: 179 }, { lat: 0, lon: -179 })).toBeCloseTo(222.4, 0);
    expect(distanceKm(berlin, berlin)).toBe(0);
  });

  test('a country is named in the language, and nonsense is no country', () => {
    expect(countryName('DE', 'de')).toBe('Deutschland');
    expect(countryName('DE', 'en')).toBe('Germany');
    expect(countryName('<b>', 'en')).toBe('');
    expect(countryName('', 'en')).toBe('');
  });
});
