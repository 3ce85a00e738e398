import { isReadableByAll, readConfig } from '../../platform/core/config.ts';
import { type ProductionNeed, productionNeeds } from '../../platform/core/config-production.ts';
import { type SettingName, settings } from '../../platform/core/config-settings.ts';
import type { Setting } from '../../platform/core/config-types.ts';
import { type CommandBody, exitCodes, printResult, table } from '../command.ts';
import { commandEnvironment } from '../environment.ts';

interface SettingLine {
  readonly variable: string;
  readonly value: string;
  readonly source: string;
}

export const configCheck: CommandBody = {
  usage: ['config check [--production] [--all] [--env FILE]'],
  options: { production: { type: 'boolean' }, all: { type: 'boolean' } },
  database: 'none',
  configuration: 'unread',
  async run(context, { values }) {
    const { env, origins } = commandEnvironment(values);
    const { config, problems, warnings: found, sources } = readConfig(env);
    const file = values['env'];
    const warnings = [...found];
    if (typeof file === 'string' && isReadableByAll(file)) {
      warnings.push({ path: file, message: 'every user of this machine can read the file: chmod 600, or 640' });
    }
    const lines = Object.entries(settings as Record<string, Setting<unknown>>).map(([name, row]): SettingLine => {
      const { from, variable } = sources[name as SettingName];
      const text = env[variable] ?? '';
      return {
        variable: row.env,
        value: from === 'default' ? defaultOf(row) : row.secret ? '(secret)' : text.slice(0, 200),
        source: sourceText(from, variable, from === 'file' ? text : '', origins),
      };
    });
    // a value that is wrong says nothing about the rest
    const needs = problems.length > 0 ? [] : productionNeeds(config);
    const asProduction = values['production'] === true || config.environment === 'production';
    const missing = asProduction && needs.some(({ level }) => level === 'needed');
    printResult(
      context,
      { valid: problems.length === 0, problems, warnings, settings: lines, production: needs },
      () => [
        ...settingLines(values['all'] === true ? lines : lines.filter(({ source }) => source !== 'default')),
        ...problems.map(({ path, message }) => `✗   ${path}: ${message}`),
        ...warnings.map(({ path, message }) => `!   ${path}: ${message}`),
        ...needLines(needs),
        problems.length > 0
          ? 'not valid: nothing starts with it'
          : 'valid; whether the database agrees says: plinth doctor',
      ],
    );
    return problems.length > 0 || missing ? exitCodes.finding : exitCodes.fine;
  },
};

function defaultOf(row: Setting<unknown>): string {
  if (row.fallbackText !== undefined) return row.fallbackText.replaceAll('`', '');
  if (typeof row.fallback === 'boolean') return row.fallback ? 'on' : 'off';
  return Array.isArray(row.fallback) ? row.fallback.join(', ') || 'none' : String(row.fallback);
}

function sourceText(
  from: 'default' | 'variable' | 'file',
  variable: string,
  path: string,
  origins: ReadonlyMap<string, string>,
): string {
  if (from === 'default') return 'default';
  const origin = origins.get(variable) ?? 'environment';
  return from === 'file' ? `${path.slice(0, 200)} (${variable}, ${origin})` : origin;
}

function settingLines(lines: readonly SettingLine[]): string[] {
  if (lines.length === 0) return ['every setting has its default (--all lists them)', ''];
  return [
    ...table(
      ['setting', 'value', 'from'],
      lines.map(({ variable, value, source }) => [variable, value, source]),
    ),
    '',
  ];
}

function needLines(needs: readonly ProductionNeed[]): string[] {
  if (needs.length === 0) return [];
  return [
    'for production:',
    ...needs.map(({ level, variable, message }) => `${level === 'needed' ? '✗' : '!'}   ${variable}: ${message}`),
  ];
}
