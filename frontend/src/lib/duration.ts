// Times to live as people write them: 90, 90s, 15m, 12h, 7d, 1h30m.

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a written time; 0 for an empty text, null when it is not one. */
export function parseSeconds(text: string): number | null {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return 0;
  if (/^\d{1,10}$/.test(wanted)) return Number(wanted) > 0 ? Number(wanted) : null;
  if (!/^(\d{1,10}[smhd])+$/.test(wanted)) return null;
  let sum = 0;
  for (const [, count = '0', unit = 's'] of wanted.matchAll(/(\d+)([smhd])/g))
    sum += Number(count) * (seconds[unit] ?? 1);
  return sum > 0 ? sum : null;
}
