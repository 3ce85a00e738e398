import { createHash } from 'node:crypto';
import type { CodeElement, ParseReason } from './analyze-source.ts';
import { isCallable } from './elements/element.ts';
import { analysisLimits } from './limits.ts';
import type { MetricName, Metrics } from './metrics/definitions.ts';

export const severities = ['info', 'minor', 'major', 'critical', 'blocker'] as const;
export type Severity = (typeof severities)[number];

export type IssueScope = 'file' | 'class' | 'function';

/** A metric above (or, for the maintainability index, at or below) these values is an issue of that severity. */
export interface ThresholdRule {
  readonly id: string;
  readonly scope: IssueScope;
  readonly metric: MetricName;
  readonly title: string;
  readonly direction: 'above' | 'at_most';
  /** From the mildest to the worst; the worst that is passed decides. */
  readonly thresholds: readonly { readonly severity: Severity; readonly value: number }[];
  /** Remediation: `minutes`, and `minutesPerUnit` for each whole unit beyond the first threshold. */
  readonly minutes: number;
  readonly minutesPerUnit: number;
  /** Ceiling of the remediation of one issue. */
  readonly minutesMax: number;
  /** What the thresholds and minutes follow. */
  readonly source: string;
}

export const issueRules: readonly ThresholdRule[] = [
  {
    id: 'function.cognitive.high',
    scope: 'function',
    metric: 'cognitive_own',
    title: 'Cognitive complexity',
    direction: 'above',
    thresholds: [
      { severity: 'major', value: 15 },
      { severity: 'critical', value: 30 },
      { severity: 'blocker', value: 100 },
    ],
    minutes: 5,
    minutesPerUnit: 1,
    minutesMax: 480,
    source: 'Sonar S3776: 15, 5 minutes + 1 a point',
  },
  {
    id: 'function.cyclomatic.high',
    scope: 'function',
    metric: 'cyclomatic',
    title: 'Cyclomatic complexity',
    direction: 'above',
    thresholds: [
      { severity: 'minor', value: 10 },
      { severity: 'major', value: 20 },
      { severity: 'critical', value: 40 },
    ],
    minutes: 10,
    minutesPerUnit: 1,
    minutesMax: 480,
    source: 'Sonar S1541: 10, 10 minutes + 1 a point; ranks of radon: B up to 10, C up to 20, E up to 40',
  },
  {
    id: 'function.length.high',
    scope: 'function',
    metric: 'lines_code',
    title: 'Code lines of a function',
    direction: 'above',
    thresholds: [
      { severity: 'minor', value: 100 },
      { severity: 'major', value: 200 },
    ],
    minutes: 20,
    minutesPerUnit: 0,
    minutesMax: 20,
    source: 'Sonar S138 (100 for Python, 200 for JavaScript): 20 minutes',
  },
  {
    id: 'function.nesting.high',
    scope: 'function',
    metric: 'nesting_max',
    title: 'Nesting of control structures',
    direction: 'above',
    thresholds: [
      { severity: 'minor', value: 4 },
      { severity: 'major', value: 6 },
    ],
    minutes: 10,
    minutesPerUnit: 0,
    minutesMax: 10,
    source: 'Sonar S134 (4 for Python): 10 minutes',
  },
  {
    id: 'function.parameters.high',
    scope: 'function',
    metric: 'parameters',
    title: 'Parameters',
    direction: 'above',
    thresholds: [
      { severity: 'minor', value: 7 },
      { severity: 'major', value: 13 },
    ],
    minutes: 20,
    minutesPerUnit: 0,
    minutesMax: 20,
    source: 'Sonar S107 (7 for JavaScript, 13 for Python): 20 minutes',
  },
  {
    id: 'class.methods.high',
    scope: 'class',
    metric: 'functions',
    title: 'Methods of a class',
    direction: 'above',
    thresholds: [
      { severity: 'minor', value: 35 },
      { severity: 'major', value: 70 },
    ],
    minutes: 60,
    minutesPerUnit: 0,
    minutesMax: 60,
    source: 'Sonar S1448: 35, 1 hour',
  },
  {
    id: 'file.length.high',
    scope: 'file',
    metric: 'lines_code',
    title: 'Code lines of a file',
    direction: 'above',
    thresholds: [
      { severity: 'minor', value: 1000 },
      { severity: 'major', value: 3000 },
    ],
    minutes: 60,
    minutesPerUnit: 0,
    minutesMax: 60,
    source: 'Sonar S104: 1000, 1 hour',
  },
  {
    id: 'file.maintainability.low',
    scope: 'file',
    metric: 'maintainability_index',
    title: 'Maintainability index',
    direction: 'at_most',
    thresholds: [{ severity: 'minor', value: 9 }],
    minutes: 60,
    minutesPerUnit: 0,
    minutesMax: 60,
    source: 'radon: rank C up to 9',
  },
];

/** Rules about parsing, which have no threshold. */
export const parseRules = {
  partial: { id: 'file.parse.partial', severity: 'minor', minutes: 10, title: 'Syntax error' },
  failed: { id: 'file.parse.failed', severity: 'major', minutes: 30, title: 'Not analysed' },
} as const satisfies Record<string, { id: string; severity: Severity; minutes: number; title: string }>;

export interface Issue {
  readonly ruleId: string;
  readonly severity: Severity;
  readonly message: string;
  readonly remediationMinutes: number;
  /** 64 hex digits. Equal in two runs for the same finding, also when its lines have moved; see `issueFingerprint`. */
  readonly fingerprint: string;
  readonly path: string;
  readonly elementPath: string | null;
  readonly startLine: number | null;
  readonly endLine: number | null;
  readonly metric: MetricName | null;
  readonly value: number | null;
  readonly threshold: number | null;
}

/**
 * SHA-256 of the rule, the file's path, the qualified name of the element and its ordinal among elements of that name.
 * Neither lines nor values are part of it, so an issue keeps its identity while code moves or gets a little worse.
 */
export function issueFingerprint(ruleId: string, path: string, elementPath: string | null): string {
  return createHash('sha256')
    .update(JSON.stringify([ruleId, path, elementPath]))
    .digest('hex');
}

export interface IssueInput {
  readonly path: string;
  readonly metrics: Metrics;
  readonly elements: readonly CodeElement[];
  readonly reason: ParseReason | null;
}

/** The issues of a file, in order of its elements. */
export function findIssues(input: IssueInput): Issue[] {
  const issues: Issue[] = [];
  if (input.reason !== null) issues.push(parseIssue(input.path, input.reason));
  for (const rule of rulesByScope.file) {
    const issue = checkRule(rule, input.path, input.metrics, null);
    if (issue !== null) issues.push(issue);
  }
  for (const element of input.elements) {
    const scope: IssueScope | null = isCallable(element.kind) ? 'function' : element.kind === 'class' ? 'class' : null;
    if (scope === null) continue;
    for (const rule of rulesByScope[scope]) {
      if (issues.length >= analysisLimits.issues_per_file) return issues;
      const issue = checkRule(rule, input.path, element.metrics, element);
      if (issue !== null) issues.push(issue);
    }
  }
  return issues;
}

const rulesByScope: Readonly<Record<IssueScope, readonly ThresholdRule[]>> = {
  file: issueRules.filter((rule) => rule.scope === 'file'),
  class: issueRules.filter((rule) => rule.scope === 'class'),
  function: issueRules.filter((rule) => rule.scope === 'function'),
};

/** The issue of a file that parsed in part or not at all. */
export function parseIssue(path: string, reason: ParseReason): Issue {
  const rule = reason.code === 'syntax_error' ? parseRules.partial : parseRules.failed;
  return {
    ruleId: rule.id,
    severity: rule.severity,
    message: reason.message,
    remediationMinutes: rule.minutes,
    fingerprint: issueFingerprint(rule.id, path, null),
    path,
    elementPath: null,
    startLine: reason.line ?? null,
    endLine: reason.line ?? null,
    metric: null,
    value: null,
    threshold: null,
  };
}

function checkRule(rule: ThresholdRule, path: string, metrics: Metrics, element: CodeElement | null): Issue | null {
  const value = metrics[rule.metric];
  const first = rule.thresholds[0];
  if (value === undefined || first === undefined) return null;
  const passes = (threshold: number): boolean => (rule.direction === 'above' ? value > threshold : value <= threshold);
  const worst = rule.thresholds.findLast((threshold) => passes(threshold.value));
  if (worst === undefined) return null;
  const beyond = Math.floor(Math.abs(value - first.value));
  const shown = Number.isInteger(value) ? value : value.toFixed(1);
  const limit = rule.direction === 'above' ? 'above' : 'at or below';
  return {
    ruleId: rule.id,
    severity: worst.severity,
    message: `${rule.title}: ${shown}, ${limit} ${worst.value}${element ? `, in ${element.path}` : ''}.`,
    remediationMinutes: Math.min(rule.minutes + rule.minutesPerUnit * beyond, rule.minutesMax),
    fingerprint: issueFingerprint(rule.id, path, element?.path ?? null),
    path,
    elementPath: element?.path ?? null,
    startLine: element?.startLine ?? null,
    endLine: element?.endLine ?? null,
    metric: rule.metric,
    value,
    threshold: worst.value,
  };
}
