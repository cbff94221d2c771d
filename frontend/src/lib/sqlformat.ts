// The formatter is large and seldom used, so it is loaded when it is asked for.

/** Lays a script out anew. It throws when the text cannot be read as SQL. */
export async function formatSQL(text: string): Promise<string> {
  const { formatDialect, sqlite } = await import('sql-formatter');
  return `${formatDialect(text, {
    dialect: sqlite,
    keywordCase: 'upper',
    tabWidth: 2,
    paramTypes: { positional: true, numbered: ['?'], named: [':', '@', '$'] },
  }).trim()}\n`;
}
