import { issueRules, parseRules } from '../issues.ts';
import { languageDefinitions } from '../languages/definition.ts';
import { analysisLimits } from '../limits.ts';
import { qualityScoreDefinition, qualityScoreFormula } from '../quality-score.ts';
import { metricDefinitions } from './definitions.ts';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('\\', '\\\\').replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

/** Where our values differ from those of the tool that a definition is named after, and why. */
const differences: readonly string[] = [
  'radon counts a comment inside brackets as a source line; here it is a comment. A docstring with a comment behind it on its line is a comment here, source in radon. radon also begins a line at a form feed.',
  'radon does not see `except*`; here it counts as `except`.',
  'SonarJS (since 2025) counts runs of `&&` only, exempts `&&` in JSX, and does not count recursion in cognitive complexity. The white paper counts `||` too and recursion, and has no exemption; so do we.',
  'SonarJS begins a function that is itself a branch of `?:` at depth 1 of its own value; here it begins at 0.',
  '`??` between two `&&` does not end their run here, as the white paper leaves `??` out; in SonarJS it does.',
  "Python's `match` is a switch for cognitive complexity and a lambda a level of nesting, as in the white paper; Sonar's Python analyser knows neither. Runs of `and` and `or` are read through parentheses in every language.",
  'Recursion is found within one file: by name, `this`, `self` and `cls`; not through other objects or files.',
];

/** The text of docs/reference/code-metrics.md. */
export function renderMetricsReference(): string {
  const lines = [
    '# Code metrics, issues and the quality score',
    '',
    'Generated from `src/modules/analysis` by `renderMetricsReference()`; do not edit it by hand.',
    '',
    'Every stored value carries the name and version of the definition it was counted by. A way of counting that changes gets a new version, so that an old value is never compared with a new one.',
    '',
    '## Languages',
    '',
    ...table(
      ['Language', 'Definitions', 'Endings', 'Programs of a #! line', 'Grammar'],
      Object.values(languageDefinitions).map((each) => [
        each.id,
        each.family,
        each.endings.join(' '),
        each.interpreters.join(' '),
        `${each.package}/${each.wasm}`,
      ]),
    ),
    '',
    '## Metrics',
    '',
    ...table(
      ['Metric', 'Definition', 'Version', 'Unit', 'Languages', 'Of', 'Formula', 'Source'],
      metricDefinitions.map((each) => [
        `\`${each.metric}\``,
        each.definition,
        each.version,
        each.unit,
        each.families.join(', '),
        each.levels.join(', '),
        each.formula,
        each.source,
      ]),
    ),
    '',
    '## Differences',
    '',
    ...differences.map((difference) => `- ${difference}`),
    '',
    '## Elements',
    '',
    "An element is exported when others can reach it: in JavaScript and TypeScript by `export`, an export list or an assignment to `exports`; in Python by a literal `__all__`, else by a name without a leading underscore. Members of an exported class are exported unless private, protected or `#private` (Python: a leading underscore). What is inside a function is not exported. An element's path is its qualified name; of several with the same one the second is `name#2`, and so on.",
    '',
    '## Issues',
    '',
    ...table(
      ['Rule', 'Of', 'Metric', 'Severity', 'Minutes to fix', 'Source'],
      issueRules.map((rule) => [
        `\`${rule.id}\``,
        rule.scope,
        `\`${rule.metric}\``,
        rule.thresholds
          .map(({ severity, value }) => `${severity} ${rule.direction === 'above' ? '>' : '<='} ${value}`)
          .join(', '),
        rule.minutesPerUnit > 0
          ? `${rule.minutes} + ${rule.minutesPerUnit} a point above ${rule.thresholds[0]?.value ?? ''}, at most ${rule.minutesMax}`
          : String(rule.minutes),
        rule.source,
      ]),
    ),
    '',
    ...Object.values(parseRules).map(
      (rule) => `- \`${rule.id}\`: ${rule.title.toLowerCase()}, ${rule.severity}, ${rule.minutes} minutes.`,
    ),
    '',
    'The fingerprint of an issue is the SHA-256 of its rule, path, and element path. It does not change when lines move or the value changes.',
    '',
    `## Quality score (${qualityScoreDefinition.definition}, version ${qualityScoreDefinition.version})`,
    '',
    '```text',
    qualityScoreFormula,
    '```',
    '',
    '## Bounds',
    '',
    ...table(
      ['Bound', 'Value'],
      Object.entries(analysisLimits).map(([name, value]) => [`\`${name}\``, String(value)]),
    ),
    '',
  ];
  return lines.join('\n');
}
