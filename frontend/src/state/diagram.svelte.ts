// The diagram on screen: what is drawn, and which part of it is looked at.
import type { Table } from '../api/sql';
import { relationsOf } from '../api/truth';
import { type Box, diagramOf, type Edge, extent, place, svgFile, type Ink } from './diagram';
import { Loader } from './loader.svelte';

/** What is drawn. */
export interface Drawn {
  boxes: Box[];
  edges: Edge[];
  /** Tables that there are, drawn or not. */
  all: number;
}

/** Around the tables, so that lines beside them are seen too. */
const margin = 60;
const MinScale = 0.1;
const MaxScale = 2.5;

/** A diagram with its pan and zoom. */
export class Diagram {
  drawn = new Loader<Drawn>();
  scale = $state(1);
  x = $state(-margin);
  y = $state(-margin);

  /** Reads the references and gives every table its place. */
  load(namespace: string, tables: Table[]): Promise<void> {
    return this.drawn.load(async () => {
      const relations = await relationsOf(namespace);
      const { boxes, edges } = diagramOf(tables, relations.keys);
      const all = tables.filter((t) => t.kind === 'table').length;
      return { boxes: boxes.length === 0 ? [] : await place(boxes, edges), edges, all };
    });
  }

  /** Shows all of it in a view of this size. */
  fit(width: number, height: number): void {
    const whole = extent(this.drawn.data?.boxes ?? []);
    this.scale = Math.min(
      1.2,
      Math.max(MinScale, Math.min(width / (whole.width + 2 * margin), height / (whole.height + 2 * margin))),
    );
    this.x = whole.width / 2 - width / this.scale / 2;
    this.y = whole.height / 2 - height / this.scale / 2;
  }

  /** Moves what is looked at, in pixels of the screen. */
  pan(dx: number, dy: number): void {
    this.x += dx / this.scale;
    this.y += dy / this.scale;
  }

  /** Changes the size; the point of the view stays where it is. */
  zoom(factor: number, px: number, py: number): void {
    const next = Math.min(MaxScale, Math.max(MinScale, this.scale * factor));
    this.x += px / this.scale - px / next;
    this.y += py / this.scale - py / next;
    this.scale = next;
  }

  /** Does what a key stands for; false when it stands for nothing. */
  key(key: string, width: number, height: number): boolean {
    const step = 60;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[key];
    if (move !== undefined) this.pan(...move);
    else if (key === '+') this.zoom(1.2, width / 2, height / 2);
    else if (key === '-') this.zoom(1 / 1.2, width / 2, height / 2);
    else if (key === '0') this.fit(width, height);
    else return false;
    return true;
  }

  /** The whole diagram as a file. */
  svg(ink: Ink): string {
    return svgFile(this.drawn.data?.boxes ?? [], this.drawn.data?.edges ?? [], ink);
  }
}

/** Draws an SVG file as a PNG, twice as fine; null when the picture is larger than a canvas may be. */
export async function pngOf(svg: string): Promise<Uint8Array | null> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  const fine = Math.min(2, 8000 / Math.max(image.width, image.height));
  canvas.width = Math.round(image.width * fine);
  canvas.height = Math.round(image.height * fine);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve);
  });
  return blob === null ? null : new Uint8Array(await blob.arrayBuffer());
}
