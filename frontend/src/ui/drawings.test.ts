import { describe, expect, test } from 'vitest';
import { sparkPath } from '../lib/spark';
import { inDirection, layout } from './forcelayout';

const ring = {
  nodes: ['a', 'b', 'c', 'd', 'e'],
  links: [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
    { from: 'c', to: 'd' },
    { from: 'd', to: 'a' },
    { from: 'a', to: 'gone' },
  ],
};

// A graph that is laid out anew each time is never recognised.
describe('the layout of a graph', () => {
  test('is the same for the same graph, and gives each node room', () => {
    const once = layout(ring);
    expect([...once]).toEqual([...layout(ring)]);
    const all = [...once.values()];
    const near = all.filter((a, i) => all.some((b, j) => i < j && Math.hypot(a.x - b.x, a.y - b.y) < 60));
    expect(near).toEqual([]);
    expect(all.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
  });

  test('a newcomer does not turn the picture around', () => {
    const before = layout(ring);
    const after = layout({ nodes: [...ring.nodes, 'f'], links: [...ring.links, { from: 'f', to: 'e' }] }, before);
    for (const id of ['a', 'b', 'c', 'd']) {
      const [was, is] = [before.get(id)!, after.get(id)!];
      expect(Math.sign(was.x - before.get('c')!.x)).toBe(Math.sign(is.x - after.get('c')!.x));
    }
  });

  test('arrows go to what lies there, and nowhere when nothing does', () => {
    const places = new Map([
      ['middle', { x: 0, y: 0 }],
      ['right', { x: 100, y: 20 }],
      ['far right', { x: 300, y: 0 }],
      ['above', { x: 10, y: -80 }],
    ]);
    expect(inDirection(places, 'middle', 1, 0)).toBe('right');
    expect(inDirection(places, 'right', 1, 0)).toBe('far right');
    expect(inDirection(places, 'middle', 0, -1)).toBe('above');
    expect(inDirection(places, 'middle', -1, 0)).toBeUndefined();
    expect(inDirection(places, 'nobody', 1, 0)).toBeUndefined();
  });
});

// A latency line with invented points hides that there was no answer.
describe('a small line', () => {
  test('begins at zero, so that 80 ms is twice as high as 40', () => {
    expect(sparkPath([40, 80], 54, 24)).toMatchObject({ line: 'M2 12L52 2', last: { x: 52, y: 2 } });
  });

  test('has a hole where nothing is known', () => {
    expect(sparkPath([1, 1, -1, 1, 1], 54, 24).line.match(/M/g)).toHaveLength(2);
    expect(sparkPath([-1, -1], 54, 24)).toEqual({ line: '', area: '', last: null });
    expect(sparkPath([], 54, 24).last).toBeNull();
  });

  test('values of zero stay on the ground', () => {
    expect(sparkPath([0, 0], 54, 24).last?.y).toBe(22);
  });
});
