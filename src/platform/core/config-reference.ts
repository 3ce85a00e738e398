import { settings } from './config-settings.ts';
import type { Setting } from './config-types.ts';

/** The text of docs/reference/configuration.md, from the table of settings. */
export function renderConfigReference(): string {
  const rows = Object.values(settings as Record<string, Setting<unknown>>).map((row) => {
    const file = row.secret ? `<br>or \`${row.env}_FILE\`` : '';
    const cells = [`\`${row.env}\`${file}`, row.type.description, defaultText(row), row.description];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    '# Configuration',
    '',
    'Generated from `src/platform/core/config-settings.ts`; a test keeps it current. `plinth config check` reads the',
    'same table.',
    '',
    'Settings are environment variables. An empty one counts as not set. An unknown `PLINTH_` variable is refused, as is',
    'a value out of range. Secrets can be given as a file instead: `PLINTH_MASTER_KEY_FILE=/run/secrets/master-key`; one',
    'line break at its end is dropped. Giving both is refused.',
    '',
    '| Variable | Value | Default | What it does |',
    '|---|---|---|---|',
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
