import { describe, expect, test } from 'vitest';
import { decode, encode, fromBase64, hexRow, parseHex, pictureType, toBase64 } from './bytes';
import { type Cell, plain, shown } from './cells';
import { parseSeconds } from './duration';
import { jsonFault, pretty, tokens } from './json';
import { addressFault } from './multiaddr';
import { qrPath } from './qrpath';
import { commandLine, compareDecimal, decimalDifference, matchScore, shellQuote, shortId, sqlName } from './text';
import { columnSpan, edges, rowSpan, scrollTo } from './window';

const cell = (k: string, v = ''): Cell => ({ k, v });

// A value that comes back changed by one bit is data loss.
describe('bytes', () => {
  test('every byte survives base64, also past the size of one call', () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 256);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });

  test.each([
    ['plain text', encode('grün ✓\n'), 'grün ✓\n'],
    ['a zero byte is not text', Uint8Array.of(65, 0, 66), null],
    ['half a letter is not text', Uint8Array.of(0xc3), null],
    ['a byte order mark stays', Uint8Array.of(0xef, 0xbb, 0xbf, 65), '\ufeffA'],
  ])('%s', (_, bytes, want) => {
    expect(decode(bytes)).toBe(want);
  });

  test('hex is read back as it is shown', () => {
    expect(hexRow(encode('Hi\u0001'), 0)).toMatchObject({ offset: '00000000', text: 'Hi·' });
    expect(parseHex('48 69\n01')).toEqual(Uint8Array.of(0x48, 0x69, 1));
    expect(parseHex('486')).toBeNull();
    expect(parseHex('zz')).toBeNull();
  });

  test('a picture is known by its bytes, never by its name; SVG is not one, for it can run', () => {
    expect(pictureType(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13))).toBe('image/png');
    expect(pictureType(encode('<svg onload="alert(1)">'))).toBe('');
  });
});

// A number that is rounded on screen makes somebody write the rounded one back.
describe('json', () => {
  test('laying out keeps every digit', () => {
    const text = '{"id":12345678901234567890,"x":1.50,"e":[],"o":{},"s":"a\\"b: ,","l":[1,{"k":null}]}';
    expect(pretty(text)).toBe(
      '{\n  "id": 12345678901234567890,\n  "x": 1.50,\n  "e": [],\n  "o": {},\n  "s": "a\\"b: ,",\n  "l": [\n    1,\n    {\n      "k": null\n    }\n  ]\n}',
    );
  });

  test('colours tell keys from strings', () => {
    expect(tokens('{"a":"b"}').map((t) => t.kind)).toEqual(['mark', 'key', 'mark', 'string', 'mark']);
  });

  test('a fault is told', () => {
    expect(jsonFault('{"a":1}')).toBe('');
    expect(jsonFault('{"a":}')).not.toBe('');
  });
});

// NULL that looks like an empty text, or 9007199254740993 as …992, is a lie about the data.
describe('cells', () => {
  test('what is different looks different', () => {
    expect(shown(cell('n'))).toBe('NULL');
    expect(shown(cell('t'))).toBe('');
    expect(shown(cell('i', '9007199254740993'))).toBe('9007199254740993');
    expect(shown(cell('r', '1'))).toBe('1.0');
    expect(shown(cell('b', '3q2+7w=='))).toBe("x'deadbeef'");
  });

  test('what is copied is the value: NULL is nothing, a blob its hex', () => {
    expect([cell('n'), cell('t', 'a\nb'), cell('b', 'AP8=')].map(plain)).toEqual(['', 'a\nb', "x'00ff'"]);
  });
});

// A command that is pasted must do what was shown, whatever the key holds.
describe('text', () => {
  test.each([
    ['user:1', 'user:1'],
    ["it's", `'it'\\''s'`],
    ['$(rm -rf)', "'$(rm -rf)'"],
    ['', "''"],
  ])('%s is quoted for a shell', (raw, want) => {
    expect(shellQuote(raw)).toBe(want);
  });

  test('a command line begins with the program', () => {
    expect(commandLine('kv', 'get', 'a b')).toBe("debros kv get 'a b'");
  });

  test('long numbers compare by value', () => {
    expect(compareDecimal('9', '10')).toBeLessThan(0);
    expect(compareDecimal('18446744073709551615', '18446744073709551614')).toBeGreaterThan(0);
    expect(decimalDifference('18446744073709551615', '1')).toBe(18446744073709551614n);
    expect(decimalDifference('', '1')).toBeNull();
  });

  test('a word inside ranks above scattered letters, and those above nothing', () => {
    const [word, scattered, none] = [
      matchScore('Open Keys', 'keys'),
      matchScore('Open Keys', 'oky'),
      matchScore('Peers', 'xyz'),
    ];
    expect(word).toBeGreaterThan(scattered);
    expect(scattered).toBeGreaterThan(0);
    expect(none).toBe(-1);
  });

  test('names are shortened and quoted only when they must be', () => {
    expect(shortId('12D3KooWH3uVF6wv47WnArKHk5p6cvgCJEb74UTmxztmQDc298L3')).toBe('12D3Ko…298L3');
    expect(sqlName('users')).toBe('users');
    expect(sqlName('my "table"')).toBe('"my ""table"""');
  });
});

// A slip in an address that only fails after a minute of dialling costs patience.
describe('address', () => {
  const id = '12D3KooWH3uVF6wv47WnArKHk5p6cvgCJEb74UTmxztmQDc298L3';
  test.each([
    ['', 'empty'],
    ['192.168.1.20:4001', 'no_slash'],
    [`/ip4/1.2.3.4/tcp/4001`, 'no_peer'],
    [`/ip4/1.2.3.4/tcp/4001/p2p/abc`, 'bad_peer'],
    [`/tcp/4001/p2p/${id}`, 'no_transport'],
    [`/ip4/1.2.3.4/tcp/99999/p2p/${id}`, 'bad_port'],
    [`/ip4/1.2.3.4/tcp/4001 /p2p/${id}`, 'spaces'],
    [`/ip4/1.2.3.4/udp/4001/quic-v1/p2p/${id}`, ''],
    [`/ip4/1.2.3.4/tcp/4001/p2p/${id}/p2p-circuit/p2p/${id}`, ''],
  ])('%s → %s', (address, fault) => {
    expect(addressFault(address)).toBe(fault);
  });
});

describe('duration', () => {
  test.each([
    ['', 0],
    ['90', 90],
    ['15m', 900],
    ['1h30m', 5400],
    ['7d', 604_800],
    ['0', null],
    ['soon', null],
    ['-5s', null],
  ])('%s → %s seconds', (text, want) => {
    expect(parseSeconds(text)).toBe(want);
  });
});

// A list that draws too much freezes the page; one that draws too little has holes.
describe('window', () => {
  test('a million rows cost what is on screen', () => {
    const span = rowSpan(500_000 * 28, 560, 28, 1_000_000);
    expect(span.to - span.from).toBeLessThan(40);
    expect(span.from).toBeLessThanOrEqual(500_000);
  });

  test('the ends are not overrun, also when the list became shorter', () => {
    expect(rowSpan(0, 100, 20, 3)).toEqual({ from: 0, to: 3 });
    expect(rowSpan(9999, 100, 20, 3)).toEqual({ from: 3, to: 3 });
  });

  test('columns are drawn where they are seen', () => {
    const left = edges([100, 100, 100, 100, 100]);
    expect(left).toEqual([0, 100, 200, 300, 400, 500]);
    expect(columnSpan(210, 100, left)).toEqual({ from: 1, to: 5 });
    expect(columnSpan(0, 1000, left)).toEqual({ from: 0, to: 5 });
  });

  test('scrolling is only as far as needed', () => {
    expect(scrollTo(100, 120, 0, 100)).toBe(20);
    expect(scrollTo(100, 120, 200, 100)).toBe(100);
    expect(scrollTo(100, 120, 50, 100)).toBe(50);
  });
});

test('a QR code is drawn by its dark modules only', () => {
  expect(qrPath(['10', '01'])).toBe('M0 0h1v1h-1zM1 1h1v1h-1z');
  expect(qrPath([])).toBe('');
});
