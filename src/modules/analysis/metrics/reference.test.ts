import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { metricDefinitions, metricNames } from './definitions.ts';
import { renderMetricsReference } from './reference.ts';

test('docs/reference/code-metrics.md is current', () => {
  const file = new URL('../../../../docs/reference/code-metrics.md', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(renderMetricsReference());
});

test('every metric has one definition in a language, and a definition its words', () => {
  for (const metric of metricNames) {
    const families = metricDefinitions.filter((each) => each.metric === metric).flatMap((each) => each.families);
    expect(families.length).toBeGreaterThan(0);
    expect(new Set(families).size).toBe(families.length);
  }
  for (const each of metricDefinitions) {
    expect(each.formula && each.source && each.version && each.definition).toBeTruthy();
  }
});
