// The table designer's model: CREATE TABLE as data, and the SQL that turns one
// design into another. What ALTER TABLE cannot do becomes a new table that takes
// the old one's place, in one batch.
import { sqlName } from '../lib/text';

/** One column of a design. Texts are SQL; '' means none. */
export interface DesignColumn {
  id: number;
  /** Its name in the table as it is, '' for a new one. */
  was: string;
  name: string;
  type: string;
  primaryKey: boolean;
  autoincrement: boolean;
  notNull: boolean;
  unique: boolean;
  defaultValue: string;
  check: string;
  references: string;
  /** What has no field of its own: collation, generated values, conflict rules. */
  more: string;
}

export interface DesignIndex {
  id: number;
  was: string;
  name: string;
  unique: boolean;
  /** Columns or expressions, as SQL. */
  on: string;
  /** Of a partial index, '' for one of all rows. */
  where: string;
}

/** A table as the designer shows it. */
export interface Design {
  was: string;
  name: string;
  columns: DesignColumn[];
  /** Table constraints, as SQL. */
  constraints: string[];
  strict: boolean;
  withoutRowid: boolean;
  indexes: DesignIndex[];
}

/** What the designer would run. */
export interface Change {
  statements: string[];
  /** The table is made anew and its rows are copied. */
  rebuild: boolean;
}

export const newColumn = (id: number, over: Partial<DesignColumn> = {}): DesignColumn => ({
  id,
  was: '',
  name: '',
  type: 'TEXT',
  primaryKey: false,
  autoincrement: false,
  notNull: false,
  unique: false,
  defaultValue: '',
  check: '',
  references: '',
  more: '',
  ...over,
});

/** A new table to begin with. */
export const newDesign = (): Design => ({
  was: '',
  name: '',
  columns: [newColumn(1, { name: 'id', type: 'INTEGER', primaryKey: true })],
  constraints: [],
  strict: true,
  withoutRowid: false,
  indexes: [],
});

/** One column as SQL. */
export function columnSQL(c: DesignColumn): string {
  return [
    sqlName(c.name),
    c.type,
    c.primaryKey ? 'PRIMARY KEY' : '',
    c.primaryKey && c.autoincrement ? 'AUTOINCREMENT' : '',
    c.notNull ? 'NOT NULL' : '',
    c.unique ? 'UNIQUE' : '',
    c.defaultValue === '' ? '' : `DEFAULT ${c.defaultValue}`,
    c.check === '' ? '' : `CHECK (${c.check})`,
    c.references === '' ? '' : `REFERENCES ${c.references}`,
    c.more,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** The whole table as SQL, under a name that may be another for a while. */
export function tableSQL(d: Design, name = d.name): string {
  const keys = d.columns.filter((c) => c.primaryKey);
  // A key of several columns cannot stand at each of them.
  const several = keys.length > 1;
  const lines = d.columns.map((c) => columnSQL(several ? { ...c, primaryKey: false } : c));
  if (several) lines.push(`PRIMARY KEY (${keys.map((c) => sqlName(c.name)).join(', ')})`);
  const options = [d.strict ? 'STRICT' : '', d.withoutRowid ? 'WITHOUT ROWID' : ''].filter((o) => o !== '');
  const body = [...lines, ...d.constraints.filter((c) => c.trim() !== '')].map((line) => `  ${line}`).join(',\n');
  return `CREATE TABLE ${sqlName(name)} (\n${body}\n)${options.length === 0 ? '' : ` ${options.join(', ')}`}`;
}

export const indexSQL = (i: DesignIndex, table: string): string =>
  `CREATE ${i.unique ? 'UNIQUE ' : ''}INDEX ${sqlName(i.name)} ON ${sqlName(table)} (${i.on})${i.where === '' ? '' : ` WHERE ${i.where}`}`;

/** What turns one design into another; before is null for a new table. Triggers are made again after a rebuild. */
export function changeOf(before: Design | null, after: Design, triggers: string[] = []): Change {
  if (before === null)
    return { statements: [tableSQL(after), ...after.indexes.map((i) => indexSQL(i, after.name))], rebuild: false };
  return alterable(before, after) ? altered(before, after) : rebuilt(before, after, triggers);
}

const rest = (c: DesignColumn): string => columnSQL({ ...c, name: 'x' });
const same = (a: DesignIndex, b: DesignIndex): boolean =>
  a.name === b.name && a.unique === b.unique && a.on === b.on && a.where === b.where;

/** Whether ALTER TABLE does it: renaming, dropping plain columns, adding some at the end. */
function alterable(before: Design, after: Design): boolean {
  if (before.strict !== after.strict || before.withoutRowid !== after.withoutRowid) return false;
  if (before.constraints.join('\n') !== after.constraints.join('\n')) return false;
  const kept = after.columns.filter((c) => c.was !== '');
  if (after.columns.slice(kept.length).some((c) => c.was !== '')) return false; // a new one in between
  const order = before.columns.filter((b) => kept.some((c) => c.was === b.name)).map((b) => b.name);
  if (order.join('\n') !== kept.map((c) => c.was).join('\n')) return false;
  const alike = kept.every((c) => before.columns.some((b) => b.name === c.was && rest(b) === rest(c)));
  const dropped = before.columns.filter((b) => !kept.some((c) => c.was === b.name));
  return alike && dropped.every((c) => droppable(c, before)) && after.columns.slice(kept.length).every(addable);
}

const droppable = (c: DesignColumn, before: Design): boolean => {
  const elsewhere = [
    ...before.constraints,
    ...before.columns.filter((o) => o !== c).map((o) => `${o.check} ${o.more}`),
  ];
  const named = new RegExp(`(^|\\W)${c.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(\\W|$)`, 'i');
  return (
    !c.primaryKey && !c.unique && c.references === '' && c.check === '' && !elsewhere.some((sql) => named.test(sql))
  );
};

const addable = (c: DesignColumn): boolean =>
  !c.primaryKey &&
  !c.unique &&
  c.more === '' &&
  !/^(\(|current_)/i.test(c.defaultValue) &&
  (!c.notNull || (c.defaultValue !== '' && !/^null$/i.test(c.defaultValue))) &&
  (c.references === '' || c.defaultValue === '');

function altered(before: Design, after: Design): Change {
  const table = sqlName(before.name);
  const out: string[] = [];
  const kept = after.columns.filter((c) => c.was !== '');
  const gone = before.columns.filter((b) => !kept.some((c) => c.was === b.name));
  const lost = (i: DesignIndex): boolean => !after.indexes.some((a) => a.was === i.name && same({ ...a }, i));
  for (const index of before.indexes.filter(lost)) out.push(`DROP INDEX ${sqlName(index.name)}`);
  for (const c of gone) out.push(`ALTER TABLE ${table} DROP COLUMN ${sqlName(c.name)}`);
  for (const c of kept)
    if (c.was !== c.name) out.push(`ALTER TABLE ${table} RENAME COLUMN ${sqlName(c.was)} TO ${sqlName(c.name)}`);
  for (const c of after.columns) if (c.was === '') out.push(`ALTER TABLE ${table} ADD COLUMN ${columnSQL(c)}`);
  if (before.name !== after.name) out.push(`ALTER TABLE ${table} RENAME TO ${sqlName(after.name)}`);
  const made = (i: DesignIndex): boolean => !before.indexes.some((b) => b.name === i.was && same({ ...i }, b));
  for (const index of after.indexes.filter(made)) out.push(indexSQL(index, after.name));
  return { statements: out, rebuild: false };
}

function rebuilt(before: Design, after: Design, triggers: string[]): Change {
  const made = `new_${after.name}`;
  const kept = after.columns.filter((c) => c.was !== '' && !/\bgenerated\b|\bas\s*\(/i.test(c.more));
  const names = (list: string[]): string => list.map(sqlName).join(', ');
  return {
    statements: [
      tableSQL(after, made),
      ...(kept.length === 0
        ? []
        : [
            `INSERT INTO ${sqlName(made)} (${names(kept.map((c) => c.name))}) SELECT ${names(kept.map((c) => c.was))} FROM ${sqlName(before.name)}`,
          ]),
      `DROP TABLE ${sqlName(before.name)}`,
      `ALTER TABLE ${sqlName(made)} RENAME TO ${sqlName(after.name)}`,
      ...after.indexes.map((i) => indexSQL(i, after.name)),
      ...triggers,
    ],
    rebuild: true,
  };
}

/** Why a design cannot be run yet: the field and the reason, or null. */
export function faultOf(
  d: Design,
): { what: 'name' | 'column' | 'double' | 'none' | 'key' | 'index'; of: string } | null {
  if (d.name.trim() === '') return { what: 'name', of: '' };
  if (d.columns.length === 0) return { what: 'none', of: '' };
  const seen = new Set<string>();
  for (const c of d.columns) {
    if (c.name.trim() === '') return { what: 'column', of: '' };
    if (seen.has(c.name.toLowerCase())) return { what: 'double', of: c.name };
    seen.add(c.name.toLowerCase());
  }
  const keyed =
    d.columns.some((c) => c.primaryKey) || d.constraints.some((c) => /^\s*(constraint\s+\S+\s+)?primary/i.test(c));
  if (d.withoutRowid && !keyed) return { what: 'key', of: '' };
  const open = d.indexes.find((i) => i.name.trim() === '' || i.on.trim() === '');
  return open === undefined ? null : { what: 'index', of: open.name };
}
