import { describe, expect, test } from 'vitest';
import { diffLines, foldSame, Marks, merge } from './diff';

const drawn = (before: string, after: string) =>
  diffLines(before, after).map((l) => `${{ same: ' ', out: '-', in: '+' }[l.kind]}${l.text}`);

// A comparison that leaves out or makes up a line hides what was changed.
describe('comparison', () => {
  test.each([
    ['a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
    ['a', 'a\nb', [' a', '+b']],
    ['a\nb\na', 'b', ['-a', ' b', '-a']],
    ['', '', [' ']],
    ['x\ny', 'y\nx', ['-x', ' y', '+x']],
  ])('%j to %j', (before, after, want) => {
    expect(drawn(before, after)).toEqual(want);
  });

  test('both texts can be read out of it, also when they are huge', () => {
    const before = Array.from({ length: 5000 }, (_, i) => `line ${String(i % 7)}`).join('\n');
    const after = Array.from({ length: 4800 }, (_, i) => `line ${String((i * 3) % 11)}`).join('\n');
    const lines = diffLines(before, after);
    const side = (leave: string) => lines.filter((l) => l.kind !== leave).map((l) => l.text);
    expect(side('in').join('\n')).toBe(before);
    expect(side('out').join('\n')).toBe(after);
  });

  test('long stretches without a change fold into one', () => {
    const text = Array.from({ length: 40 }, (_, i) => String(i));
    const folded = foldSame(diffLines(text.join('\n'), [...text.slice(0, 20), 'new', ...text.slice(20)].join('\n')), 2);
    expect(folded.map((l) => l?.text ?? '…')).toEqual(['…', '18', '19', 'new', '20', '21', '…']);
  });
});

// A merge that drops somebody's line loses work without a word.
describe('merge', () => {
  test.each([
    ['both changed other lines', 'a\nb\nc', 'A\nb\nc', 'a\nb\nC', 'A\nb\nC', 0],
    ['only mine', 'a\nb', 'a\nx', 'a\nb', 'a\nx', 0],
    ['only theirs', 'a\nb', 'a\nb', 'a', 'a', 0],
    ['both the same', 'a', 'b', 'b', 'b', 0],
    ['an empty line added to nothing', 'a\nz', 'a\n\nz', 'a\nz', 'a\n\nz', 0],
    ['both the same line', 'a', 'b', 'c', `${Marks.mine}\nb\n${Marks.middle}\nc\n${Marks.theirs}`, 1],
  ])('%s', (_, base, mine, theirs, text, clashes) => {
    expect(merge(base, mine, theirs)).toEqual({ text, clashes });
  });
});
