import { settings } from './config-settings.ts';
import type { Setting } from './config-types.ts';

/** The text of docs/reference/configuration.md, from the table of settings. */
export function renderConfigReference(): string {
  const rows = Object.values(settings as Record<string, Setting<unknown>>).map((row) => {
    const file = row.secret ? `<br>or \`${row.env}_FILE\`` : '';
    const example = row.example === undefined ? '' : `\`${row.example}\``;
    const secret = row.secret ? 'yes' : 'no';
    const cells = [`\`${row.env}\`${file}`, row.type.description, defaultText(row), example, secret, row.description];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    '# Configuration',
    '',
    'Generated from `src/platform/core/config-settings.ts`; `npm run check` keeps it current.',
    '',
    'Settings are environment variables. An empty one counts as not set. An unknown `PLINTH_` variable is refused, as is',
    'a value out of range, each with what was probably meant. The unit is part of the name and of the value below.',
    '',
    '- **A secret from a file:** `PLINTH_MASTER_KEY_FILE=/run/secrets/master-key`. The file is read once, at the start;',
    '  one line break at its end is dropped. Giving both the variable and the file is refused. A file that every user of',
    '  the machine can read works and is warned about.',
    '- **All of them from a file:** `plinth COMMAND --env FILE`, with lines `NAME=value`. What the environment has',
    '  itself goes before it. No `.env` is read unasked: which database a command works on must not depend on the folder',
    '  it was called in.',
    '- **What holds, and from where:** `plinth config check` prints every setting that is not its default, its source,',
    '  and what production still lacks. It never prints a secret and opens no database. It ends with 1 when something',
    '  is wrong, or when something needed is missing and `NODE_ENV` is `production` (or `--production` is given).',
    '',
    '| Variable | Value | Default | Example | Secret | What it does |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function defaultText(row: Setting<unknown>): string {
  if (row.fallbackText !== undefined) return row.fallbackText;
  if (typeof row.fallback === 'boolean') return row.fallback ? '`on`' : '`off`';
  if (Array.isArray(row.fallback)) return row.fallback.length === 0 ? 'none' : `\`${row.fallback.join(', ')}\``;
  return `\`${String(row.fallback)}\``;
}
