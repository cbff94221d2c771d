import { describe, expect, test } from 'vitest';
import { type Block, type Inline, MaxDepth, readMarkdown } from './markdown';
import { withNames } from './mention';

const ann = `0x${'aB'.repeat(20)}`;
const text = (value: string): Inline => ({ kind: 'text', text: value });
const paragraph = (...children: Inline[]): Block => ({ kind: 'paragraph', children });

/** Every word that is drawn. */
const words = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(words).join('')
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([key, inner]) => (key === 'kind' ? '' : words(inner)))
          .join('')
      : typeof value === 'string'
        ? value
        : '';

// What a stranger writes is drawn in my window: it must never fetch, run or lie.
describe('a message of a stranger', () => {
  test.each([
    ['HTML is shown as it was typed', '<b>x</b>', paragraph(text('<b>'), text('x'), text('</b>'))],
    ['a block of HTML too', '<img src=//evil onerror=x>', paragraph(text('<img src=//evil onerror=x>'))],
    ['a picture is its own text', '![cat](http://evil/cat.png)', paragraph(text('![cat](http://evil/cat.png)'))],
    ['a link that would run is its own text', '[x](javascript:alert(1))', paragraph(text('[x](javascript:alert(1))'))],
    [
      'a link names the host behind its words',
      '[my bank](https://evil.example/login)',
      paragraph({
        kind: 'link',
        href: 'https://evil.example/login',
        host: 'evil.example',
        children: [text('my bank')],
      }),
    ],
    [
      'a link whose words are another address names the host',
      '[https://bank.example](https://evil.example)',
      paragraph({
        kind: 'link',
        href: 'https://evil.example/',
        host: 'evil.example',
        children: [text('https://bank.example')],
      }),
    ],
    [
      'a name before an @ is no host',
      '<https://bank.example@evil.example/>',
      paragraph({
        kind: 'link',
        href: 'https://bank.example@evil.example/',
        host: 'evil.example',
        children: [text('https://bank.example@evil.example/')],
      }),
    ],
    [
      'a bare address needs no second name',
      'https://debros.example/a',
      paragraph({
        kind: 'link',
        href: 'https://debros.example/a',
        host: '',
        children: [text('https://debros.example/a')],
      }),
    ],
  ])('%s', (_, typed, want) => {
    expect(readMarkdown(typed)).toEqual([want]);
  });

  test.each([
    ['deep quotes', '>'.repeat(16_000)],
    ['quotes in lists in quotes', `${'> - '.repeat(40)}end`],
    ['thousands of parts', '*a* '.repeat(4000)],
  ])('%s neither end the page nor lose the words', (_, typed) => {
    const depth = (blocks: Block[]): number =>
      Math.max(0, ...blocks.map((b) => 1 + (b.kind === 'quote' ? depth(b.blocks) : 0)));
    const read = readMarkdown(typed);
    expect(depth(read)).toBeLessThanOrEqual(MaxDepth + 1);
    expect(words(read).replaceAll(/\W/g, '')).toBe(typed.replaceAll(/\W/g, ''));
  });
});

test('text, code, lists, tasks, tables and quotes are read', () => {
  const read = readMarkdown('**a** ~~b~~ `c`\nd\n\n- [x] e\n- f\n\n```go\ng\n```\n> h\n\n|i|\n|-|\n|j|\n\n## k');
  expect(read).toEqual([
    paragraph(
      { kind: 'strong', children: [text('a')] },
      text(' '),
      { kind: 'del', children: [text('b')] },
      text(' '),
      { kind: 'code', text: 'c' },
      { kind: 'break' },
      text('d'),
    ),
    {
      kind: 'list',
      start: null,
      items: [
        { done: true, blocks: [paragraph(text('e'))] },
        { done: null, blocks: [paragraph(text('f'))] },
      ],
    },
    { kind: 'code', language: 'go', text: 'g' },
    { kind: 'quote', blocks: [paragraph(text('h'))] },
    { kind: 'table', head: [[text('i')]], rows: [[[text('j')]]] },
    { kind: 'heading', level: 2, children: [text('k')] },
  ]);
});

test('an address is a mention only when the message says so', () => {
  expect(readMarkdown(`hi @${ann}!`, [ann])).toEqual([
    paragraph(text('hi '), { kind: 'mention', address: ann }, text('!')),
  ]);
  expect(readMarkdown(`hi @${ann}!`)).toEqual([paragraph(text(`hi @${ann}!`))]);
  expect(withNames(`hi @${ann}!`, () => 'Ann')).toBe('hi @Ann!');
});
