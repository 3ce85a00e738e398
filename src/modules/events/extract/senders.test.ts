import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import examples from '@octokit/webhooks-examples' with { type: 'json' };
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnTypes } from './coerce.ts';
import { deploymentColumns, deploymentCommon, deploymentKinds, extractDeployment } from './deployment.ts';
import type { Columns, Extraction, ExtractRule } from './extractor.ts';
import { extractLinear, linearColumns, linearCommon, linearKinds } from './linear.ts';
import { mentionsOf } from './mentions.ts';
import { deploymentSamples, linearSamples, slackSamples } from './samples.ts';
import { senderReference } from './sender-reference.ts';
import { extractSlack, slackColumns, slackCommon, slackKinds } from './slack.ts';

const update = process.env['UPDATE_GOLDEN'] === '1';
const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Sender {
  readonly name: string;
  readonly title: string;
  readonly columns: Columns;
  readonly common: ExtractRule<Columns>;
  readonly kinds: Readonly<Record<string, ExtractRule<Columns>>>;
  readonly samples: Readonly<Record<string, readonly unknown[]>>;
  readonly extract: (kind: string, payload: unknown) => Extraction<Columns>;
}
const githubDeployments = (examples as unknown as { name: string; examples: unknown[] }[]).filter(({ name }) =>
  Object.hasOwn(deploymentKinds, name),
);
const senders: readonly Sender[] = [
  {
    ...{ name: 'linear', title: 'Linear', columns: linearColumns, common: linearCommon, kinds: linearKinds },
    ...{ samples: linearSamples, extract: extractLinear },
  },
  {
    ...{ name: 'slack', title: 'Slack', columns: slackColumns, common: slackCommon, kinds: slackKinds },
    ...{ samples: slackSamples, extract: extractSlack },
  },
  {
    ...{ name: 'deployment', title: 'Deployment', columns: deploymentColumns, common: deploymentCommon },
    kinds: { report: { category: 'deployment', columns: {} }, ...deploymentKinds },
    samples: {
      ...deploymentSamples,
      ...Object.fromEntries(githubDeployments.map(({ name, examples }) => [name, examples])),
    },
    extract: extractDeployment,
  },
];

const filled = (values: object) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));

/** True when PostgreSQL takes the value in its column. */
function fits(columns: Columns, values: Readonly<Record<string, unknown>>): boolean {
  const text = (value: unknown) =>
    typeof value === 'string' && value.isWellFormed() && !value.includes('\0') && value !== '' && value.length <= 2000;
  return Object.entries(values).every(([column, value]) => {
    if (value === null) return true;
    switch (columnTypes[columns[column]!.type].sql) {
      case 'text':
        return text(value);
      case 'text[]':
        return Array.isArray(value) && value.length <= 100 && value.every(text);
      case 'bigint':
        return Number.isSafeInteger(value) && (value as number) >= 0;
      case 'integer':
        return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
      case 'boolean':
        return typeof value === 'boolean';
      default:
        return value instanceof Date && value.getTime() > 0 && value.getUTCFullYear() <= 9999;
    }
  });
}

describe.each(senders)('$name', ({ name, title, columns, common, kinds, samples, extract }) => {
  test('every kind has a sample', () => {
    expect(Object.keys(samples).sort()).toEqual(Object.keys(kinds).sort());
  });

  test.each(Object.keys(samples))('%s: the extracted columns are those of the golden file', (kind) => {
    const golden = `${JSON.stringify(
      samples[kind]!.map((payload) => {
        const { columns: typed, ...event } = extract(kind, payload);
        return { event: filled(event), [name]: filled(typed) };
      }),
      null,
      2,
    )}\n`;
    const file = fileOf(`../golden/${name}/${kind}.json`);
    if (update) {
      mkdirSync(fileOf(`../golden/${name}/`), { recursive: true });
      writeFileSync(file, golden);
    }
    expect(golden).toBe(readFileSync(file, 'utf8'));
  });

  test('no golden file is left over', () => {
    expect(readdirSync(fileOf(`../golden/${name}/`)).sort()).toEqual(
      Object.keys(samples)
        .map((kind) => `${kind}.json`)
        .sort(),
    );
  });

  test('every column is filled by some sample', () => {
    const all = Object.entries(samples).flatMap(([kind, payloads]) =>
      payloads.map((one) => extract(kind, one).columns),
    );
    expect(Object.keys(columns).filter((column) => !all.some((typed) => typed[column] !== null))).toEqual([]);
  });

  test('the columns are those of the table, in its order', () => {
    const sql = readFileSync(fileOf('../migrations/0004_sources.up.sql'), 'utf8');
    const table = sql.split(`create table plinth.${name}_events (`)[1]!.split('constraint')[0]!;
    const inTable = [...table.matchAll(/^ {2}(\w+) ([a-z[\]]+)/gm)].map(([, column, type]) => `${column} ${type}`);
    const declared = Object.entries(columns).map(([column, { type }]) => `${column} ${columnTypes[type].sql}`);
    expect(declared).toEqual(inTable.slice(4));
  });

  test('any JSON under any kind is read without an error into values the columns take', () => {
    const kindNames = fc.oneof(fc.constantFrom(...Object.keys(kinds)), fc.string());
    // documents in the shape of the samples, with junk in their places
    const junk = fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' });
    const wrap = (payload: unknown, value: unknown, seed: number): unknown => {
      if (typeof payload !== 'object' || payload === null) return value;
      const keys = Object.keys(payload);
      const chosen = keys[seed % Math.max(keys.length, 1)];
      if (chosen === undefined) return value;
      const inner = (payload as Record<string, unknown>)[chosen];
      const changed = seed % 3 === 0 ? value : wrap(inner, value, Math.floor(seed / 7));
      return Array.isArray(payload)
        ? payload.map((one, index) => (String(index) === chosen ? changed : one))
        : { ...payload, [chosen]: changed };
    };
    const all = Object.values(samples).flat();
    fc.assert(
      fc.property(kindNames, fc.constantFrom(...all), junk, fc.nat(), (kind, payload, value, seed) => {
        for (const one of [value, wrap(payload, value, seed)]) {
          expect(fits(columns, extract(kind, one).columns)).toBe(true);
          mentionsOf(name, one, { branch: typeof value === 'string' ? value : null, subject: null });
        }
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  test('the reference is current', () => {
    const file = fileOf(`../../../../docs/reference/${name}-events.md`);
    const text = senderReference({ name, title, columns, common, kinds });
    if (update) writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

test('what an event names is found in its places, and nowhere else', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  const none = { branch: null, subject: null };
  expect(mentionsOf('github', {}, { branch: `agent/task-${id}`, subject: '7' })).toEqual({
    task_id: id,
    actor_issuer: 'https://github.com',
    actor_subject: '7',
  });
  expect(mentionsOf('github', {}, { branch: `fix/${id}`, subject: null })).toEqual({});
  expect(mentionsOf('github', { client_payload: { task_id: id, project_id: id } }, none)).toEqual({
    task_id: id,
    project_id: id,
  });
  expect(mentionsOf('github', { pusher: { email: 'ada@example.com' } }, none)).toEqual({
    actor_email: 'ada@example.com',
  });
  // anybody writes what they like into a commit
  expect(mentionsOf('github', { head_commit: { author: { email: 'ada@example.com' } } }, none)).toEqual({});
  expect(mentionsOf('linear', { actor: { email: 'no address' }, task_id: 'no id' }, none)).toEqual({});
});
