// What the namespaces take on disk, and how near that is to what the node may take.
import type { Group } from '../api/node';

/** The share of the allowed space above which it is said. */
export const SpaceWarning = 0.8;

const units: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** Reads a size as the configuration writes it ("10GB", "1.5GiB"); null when it is none, or no limit. */
export function parseSize(text: string): number | null {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = units[(unit ?? '').toLowerCase()];
  if (digits === undefined || factor === undefined) return null;
  const size = Number(digits) * factor;
  return size > 0 ? size : null;
}

/** One line of the list. */
export interface SizeRow {
  name: string;
  size: number;
  /** Of the largest. */
  share: number;
}

/** Namespaces by size, the largest first, and the share of the space that is taken. */
export function nodeSizes(
  groups: Group[],
  usedText: string,
  mostText: string,
): { rows: SizeRow[]; used: number; most: number | null; share: number } {
  const sized = groups.map((g) => ({ name: g.name.replace(/^ns::/, ''), size: Number(g.size) }));
  const largest = Math.max(1, ...sized.map((row) => row.size));
  const rows = sized
    .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1))
    .map((row) => ({ ...row, share: row.size / largest }));
  const [used, most] = [Number(usedText), parseSize(mostText)];
  return { rows, used, most, share: most === null ? 0 : Math.min(1, used / most) };
}
