/**
 * A table as CSV (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe before it: models and
 * agents are named by whoever calls.
 */
export function csvOf(
  headings: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string {
  return [headings, ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

const formula = /^\s*[=+\-@\t\r]/;

function cellOf(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
