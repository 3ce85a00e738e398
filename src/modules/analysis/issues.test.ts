import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyzeText } from './fixtures/analyze-text.ts';
import { type Issue, issueFingerprint, issueRules, severities } from './issues.ts';

/** A function of cognitive complexity `value`, with as many runs of operators on one line each. */
function complexFunction(name: string, value: number): string {
  return `function ${name}() {\n${'  use(a && b);\n'.repeat(value)}}\n`;
}

async function issuesOf(path: string, text: string): Promise<readonly Issue[]> {
  return (await analyzeText(path, text)).issues;
}

describe('rules', () => {
  test('are sound: unique ids, thresholds that get worse, minutes within their ceiling', () => {
    expect(new Set(issueRules.map((rule) => rule.id)).size).toBe(issueRules.length);
    for (const rule of issueRules) {
      const ranks = rule.thresholds.map(({ severity }) => severities.indexOf(severity));
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      expect(rule.minutes).toBeGreaterThan(0);
      expect(rule.minutesMax).toBeGreaterThanOrEqual(rule.minutes);
    }
  });

  test.each([
    [15, undefined, undefined],
    [16, 'major', 6],
    [30, 'major', 20],
    [31, 'critical', 21],
    [101, 'blocker', 91],
  ])('cognitive complexity %i: %s, %s minutes', async (value, severity, minutes) => {
    const issue = (await issuesOf('a.js', complexFunction('f', value))).find(
      (each) => each.ruleId === 'function.cognitive.high',
    );
    expect([issue?.severity, issue?.remediationMinutes]).toEqual([severity, minutes]);
  });

  test.each([
    ['function.cyclomatic.high', complexFunction('f', 10)],
    ['function.length.high', `function f() {\n${'  g();\n'.repeat(99)}}`],
    ['function.nesting.high', 'function f() { if (a) { if (b) { if (c) { if (d) { if (e) {} } } } } }'],
    ['function.parameters.high', 'function f(a, b, c, d, e, f, g, h) {}'],
    ['class.methods.high', `class C { ${Array.from({ length: 36 }, (_, i) => `m${i}() {}`).join(' ')} }`],
    ['file.length.high', 'g();\n'.repeat(1001)],
    ['file.maintainability.low', `${'a(b, c + d, e);\nif (f) { g(h) }\n'.repeat(600)}`],
    ['file.parse.partial', 'const = ;'],
  ])('%s is found', async (ruleId, code) => {
    const issue = (await issuesOf('a.js', code)).find((each) => each.ruleId === ruleId);
    expect(issue?.message).toMatch(/\.$/);
    expect(issue?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test('nothing is found in plain code', async () => {
    expect(await issuesOf('a.ts', 'export function add(a: number, b: number): number {\n  return a + b;\n}\n')).toEqual(
      [],
    );
  });
});

describe('fingerprints', () => {
  const code = complexFunction('f', 20) + complexFunction('g', 20) + complexFunction('f', 20);

  test('differ between rules, files, elements and elements of one name', async () => {
    const issues = [...(await issuesOf('a.js', code)), ...(await issuesOf('b.js', code))];
    expect(issues.length).toBe(12);
    expect(new Set(issues.map((issue) => issue.fingerprint)).size).toBe(12);
  });

  test('stay when lines move or values change', async () => {
    const before = await issuesOf('a.js', code);
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.nat(30), async (lines, added) => {
        const grown = complexFunction('f', 20 + added) + complexFunction('g', 20) + complexFunction('f', 20);
        const after = await issuesOf('a.js', `${'// moved\n'.repeat(lines)}function other() {}\n${grown}`);
        expect(after.map((issue) => issue.fingerprint)).toEqual(before.map((issue) => issue.fingerprint));
        expect(after[0]?.startLine).toBe((before[0]?.startLine ?? 0) + lines + 1);
      }),
      { seed: 20261122, numRuns: 20 },
    );
  });

  test('the parts can not run into one another', () => {
    expect(issueFingerprint('a', 'b', 'c')).not.toBe(issueFingerprint('a', 'b","c', null));
    expect(issueFingerprint('a', 'b', null)).not.toBe(issueFingerprint('a', 'b', 'null'));
  });
});
