// A filter of keys, as its fields and the address have it.

/** A filter as it is written in its fields and in the address. */
export interface KeyFilter {
  pattern: string;
  content: string;
  /** Bytes. */
  min: string;
  max: string;
  /** Changed within this time, like 2h. */
  within: string;
  /** Not changed for this time. */
  before: string;
  /** '', 'never' or 'some'. */
  expiry: string;
  /** Ends within this time. */
  ends: string;
}

/** The filter that lets everything pass. */
export const NoFilter: KeyFilter = {
  pattern: '',
  content: '',
  min: '',
  max: '',
  within: '',
  before: '',
  expiry: '',
  ends: '',
};

/** The filter in an address, under short names. */
export function readFilter(param: (name: string) => string): KeyFilter {
  const out = { ...NoFilter };
  for (const name of Object.keys(out) as (keyof KeyFilter)[]) out[name] = param(`f${name}`);
  return out;
}

/** The same for the address. */
export const writeFilter = (filter: KeyFilter): Record<string, string> =>
  Object.fromEntries(Object.entries(filter).map(([name, value]: [string, string]) => [`f${name}`, value.trim()]));

/** How many conditions a filter has. */
export const conditions = (filter: KeyFilter): number => Object.values(filter).filter((v: string) => v !== '').length;
