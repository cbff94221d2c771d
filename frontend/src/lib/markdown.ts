// Reads what people write in a chat: Markdown becomes plain data, which the views
// draw with elements of their own. No HTML is made or taken, nothing is fetched,
// and what is not understood is shown as it was typed.
import { Lexer, type Token, type Tokens } from 'marked';
import { mentioned } from './mention';

/** Inside of a line. A link names the host that it leads to where its words do not. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'break' }
  | { kind: 'mention'; address: string }
  | { kind: 'link'; href: string; host: string; children: Inline[] }
  | { kind: 'strong' | 'em' | 'del'; children: Inline[] };

/** A part of a message. */
export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'heading'; level: number; children: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; start: number | null; items: { done: boolean | null; blocks: Block[] }[] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' };

/** Quotes in quotes: deeper ones are shown as typed. */
export const MaxDepth = 8;
/** Parts of one message: 16,000 letters could make thousands of elements of one row. */
export const MaxParts = 1500;

/** Reads a text. Addresses behind an @ are mentions when they are among these. */
export function readMarkdown(text: string, mentions: readonly string[] = []): Block[] {
  try {
    return new Reader(mentions).blocks(new Lexer({ gfm: true, breaks: true }).lex(text), 0);
  } catch {
    // Built to be nested deeper than a stack holds, or larger than a row may be.
    return [{ kind: 'paragraph', children: [{ kind: 'text', text }] }];
  }
}

/** Where a link of the web leads, or null when it is none. */
export function webLink(href: string): URL | null {
  try {
    const url = new URL(href);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
  } catch {
    return null;
  }
}

class Reader {
  #parts = 0;
  #mentions: readonly string[];

  constructor(mentions: readonly string[]) {
    this.#mentions = mentions;
  }

  blocks(tokens: Token[], depth: number): Block[] {
    return tokens.flatMap((token) => this.#block(token as Tokens.Generic & { type: string }, depth));
  }

  #block(token: Token, depth: number): Block[] {
    this.#count();
    if (depth >= MaxDepth) return token.type === 'space' ? [] : [this.#typed(token.raw)];
    switch (token.type) {
      case 'space':
      case 'def':
        return token.type === 'def' ? [this.#typed(token.raw)] : [];
      case 'paragraph':
      case 'text':
        return [{ kind: 'paragraph', children: this.#lines(token as Tokens.Paragraph, depth) }];
      case 'heading':
        return [
          {
            kind: 'heading',
            level: (token as Tokens.Heading).depth,
            children: this.#lines(token as Tokens.Heading, depth),
          },
        ];
      case 'code': {
        const { lang = '', text } = token as Tokens.Code;
        return [{ kind: 'code', language: lang.split(/\s/)[0] ?? '', text }];
      }
      case 'blockquote':
        return [{ kind: 'quote', blocks: this.blocks((token as Tokens.Blockquote).tokens, depth + 1) }];
      case 'list':
        return [this.#list(token as Tokens.List, depth)];
      case 'table': {
        const { header, rows } = token as Tokens.Table;
        const cells = (row: Tokens.TableCell[]) => row.map((cell) => this.#inlines(cell.tokens, depth + 1));
        return [{ kind: 'table', head: cells(header), rows: rows.map(cells) }];
      }
      case 'hr':
        return [{ kind: 'rule' }];
      default:
        return [this.#typed(token.raw)];
    }
  }

  #list(token: Tokens.List, depth: number): Block {
    const items = token.items.map((item) => ({
      done: item.task ? item.checked === true : null,
      blocks: this.blocks(
        item.tokens.filter((inner) => inner.type !== 'checkbox'),
        depth + 1,
      ),
    }));
    return { kind: 'list', start: token.ordered ? Number(token.start) : null, items };
  }

  #lines(token: { tokens?: Token[] | undefined; text: string }, depth: number): Inline[] {
    return token.tokens === undefined ? this.#words(token.text) : this.#inlines(token.tokens, depth + 1);
  }

  #inlines(tokens: Token[], depth: number): Inline[] {
    return tokens.flatMap((token) => this.#inline(token, depth));
  }

  #inline(token: Token, depth: number): Inline[] {
    this.#count();
    if (depth >= MaxDepth) return this.#words(token.raw);
    switch (token.type) {
      case 'strong':
      case 'em':
      case 'del':
        return [{ kind: token.type, children: this.#inlines((token as Tokens.Strong).tokens, depth + 1) }];
      case 'codespan':
        return [{ kind: 'code', text: (token as Tokens.Codespan).text }];
      case 'br':
        return [{ kind: 'break' }];
      case 'escape':
        return [{ kind: 'text', text: (token as Tokens.Escape).text }];
      case 'link':
        return this.#link(token as Tokens.Link, depth);
      case 'text':
        return this.#words((token as Tokens.Text).text);
      default: // pictures and HTML, which are never fetched or made
        return this.#words(token.raw);
    }
  }

  #link(token: Tokens.Link, depth: number): Inline[] {
    const url = webLink(token.href);
    if (url === null) return this.#words(token.raw);
    // Words that are the address itself name the host; all others may lie about it.
    const honest = token.text === token.href && token.href.startsWith(url.origin);
    return [
      {
        kind: 'link',
        href: url.href,
        host: honest ? '' : url.host,
        children: honest ? [{ kind: 'text', text: token.text }] : this.#inlines(token.tokens, depth + 1),
      },
    ];
  }

  /** Text with its mentions. */
  #words(text: string): Inline[] {
    const out: Inline[] = [];
    let from = 0;
    for (const found of text.matchAll(mentioned)) {
      const address = found[1] ?? '';
      if (!this.#mentions.includes(address)) continue;
      this.#count();
      if (found.index > from) out.push({ kind: 'text', text: text.slice(from, found.index) });
      out.push({ kind: 'mention', address });
      from = found.index + found[0].length;
    }
    if (from < text.length) out.push({ kind: 'text', text: text.slice(from) });
    return out;
  }

  #typed(raw: string): Block {
    return { kind: 'paragraph', children: this.#words(raw.replace(/\n+$/, '')) };
  }

  #count(): void {
    this.#parts += 1;
    if (this.#parts > MaxParts) throw new RangeError('too many parts');
  }
}
