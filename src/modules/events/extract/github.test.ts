import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import examples from '@octokit/webhooks-examples' with { type: 'json' };
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnTypes } from './coerce.ts';
import { type EventColumns, extractGithub, type GithubColumns, type GithubExtract, githubKinds } from './github.ts';
import { eventCategories, type GithubColumn, githubColumns } from './github-columns.ts';
import { headCommitOf, isSafeRef } from './head-commit.ts';
import { githubReference } from './reference.ts';

const update = process.env['UPDATE_GOLDEN'] === '1';
const goldenFolder = fileURLToPath(new URL('../golden/github/', import.meta.url));
const referenceFile = fileURLToPath(new URL('../../../../docs/reference/github-events.md', import.meta.url));

interface Kind {
  readonly name: string;
  readonly examples: readonly unknown[];
}
const kinds = examples as unknown as readonly Kind[];
const payloads = kinds.flatMap(({ name, examples }) => examples.map((payload) => ({ kind: name, payload })));

const filled = (columns: EventColumns | GithubColumns) =>
  Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));

function goldenOf({ name, examples }: Kind): string {
  const extracted = examples.map((payload) => {
    const { event, github } = extractGithub(name, payload);
    return {
      event: filled(event),
      github: filled(github),
      head_commit: headCommitOf({ kind: name, payload }) ?? undefined,
    };
  });
  return `${JSON.stringify(extracted, null, 2)}\n`;
}

/** True when PostgreSQL takes the value in its column: the right type, within bounds, storable text. */
function fits(extract: GithubExtract): boolean {
  const text = (value: unknown) =>
    typeof value === 'string' && value.isWellFormed() && !value.includes('\0') && value !== '';
  return (Object.entries(extract.github) as [GithubColumn, unknown][]).every(([column, value]) => {
    if (value === null) return true;
    switch (columnTypes[githubColumns[column].type].sql) {
      case 'text':
        return text(value) && (value as string).length <= 2000;
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

describe('the real payloads', () => {
  test('are the 329 of 58 kinds, and each kind has its rule', () => {
    expect([kinds.length, payloads.length]).toEqual([58, 329]);
    expect(Object.keys(githubKinds).sort()).toEqual(kinds.map(({ name }) => name).sort());
  });

  test.each(kinds)('$name: the extracted columns are those of the golden file', (kind) => {
    const file = `${goldenFolder}${kind.name}.json`;
    if (update) {
      mkdirSync(goldenFolder, { recursive: true });
      writeFileSync(file, goldenOf(kind));
    }
    expect(goldenOf(kind)).toBe(readFileSync(file, 'utf8'));
  });

  test('no golden file is left over', () => {
    expect(readdirSync(goldenFolder).sort()).toEqual(kinds.map(({ name }) => `${name}.json`).sort());
  });

  test('every payload has a type, a category, an actor and a repository or organization where it names one', () => {
    for (const { kind, payload } of payloads) {
      const { event, github } = extractGithub(kind, payload);
      const { repository, sender, organization } = payload as Record<string, object | undefined>;
      expect(event.type.startsWith(kind)).toBe(true);
      expect(eventCategories).toContain(event.category);
      expect(event.category).not.toBe('other');
      expect(event.actor_login === null, `${kind} actor`).toBe(sender === undefined);
      expect(event.repository_full_name === null, `${kind} repository`).toBe(repository === undefined);
      expect(github.organization_login === null, `${kind} organization`).toBe(organization === undefined);
      expect(event.title, `${kind} title`).not.toBeNull();
    }
  });

  test('every rule of every kind is met by some payload, or is known to be absent from the examples', () => {
    const absent: string[] = [];
    for (const { name, examples } of kinds) {
      for (const column of Object.keys(githubKinds[name]!.columns) as GithubColumn[]) {
        if (!examples.some((payload) => extractGithub(name, payload).github[column] !== null))
          absent.push(`${name}.${column}`);
      }
    }
    expect(absent.sort()).toEqual(rulesWithoutExample);
  });
});

/** Paths of GitHub's schema that none of the 329 examples fills. */
const rulesWithoutExample: readonly string[] = [
  'create.branch',
  'delete.branch',
  'dependabot_alert.state_reason',
  'deployment_review.reviewer_login',
  'discussion.state_reason',
  'discussion_comment.state_reason',
  'installation.app_slug',
  'installation_repositories.app_slug',
  'issue_comment.pull_request_number',
  'issue_comment.state_reason',
  'issues.state_reason',
  'pull_request.team_slug',
  'pull_request_review.milestone_title',
  'pull_request_review_comment.is_draft',
  'pull_request_review_comment.milestone_title',
  'pull_request_review_thread.milestone_title',
  'push.base_branch',
];

describe('hostile payloads', () => {
  const kindNames = fc.oneof(fc.constantFrom(...kinds.map(({ name }) => name)), fc.string());

  test('any JSON under any kind is read without an error into values the columns take', () => {
    fc.assert(
      fc.property(kindNames, fc.jsonValue({ stringUnit: 'binary' }), (kind, payload) => {
        expect(fits(extractGithub(kind, payload))).toBe(true);
        headCommitOf({ kind, payload });
      }),
    );
  });

  const junk = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      '\0',
      '\ud800',
      'x'.repeat(10_000),
      -1,
      1.5,
      2 ** 60,
      Number.MAX_VALUE,
      '0'.repeat(40),
      '-'.repeat(40),
      'javascript:alert(1)',
      '2019-13-45T99:00:00Z',
      '0001-01-01T00:00:00Z',
      '2019-05-15T15:20:41',
      Array(5_000).fill({ name: 'x' }),
      { __proto__: null, toString: 'x' },
    ),
  );

  /** A copy with the value at the n-th of all places of the document replaced. */
  function mutate(payload: unknown, position: number, replacement: unknown): unknown {
    const copy = structuredClone(payload);
    const places: [Record<string, unknown>, string][] = [];
    const walk = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) {
        places.push([value as Record<string, unknown>, key]);
        walk((value as Record<string, unknown>)[key]);
      }
    };
    walk(copy);
    const place = places[position % places.length];
    if (place !== undefined) place[0][place[1]] = replacement;
    return copy;
  }

  test('real payloads with one value replaced by junk', () => {
    fc.assert(
      fc.property(fc.constantFrom(...payloads), fc.nat(2_000), junk, ({ kind, payload }, position, replacement) => {
        const mutated = mutate(payload, position, replacement);
        expect(fits(extractGithub(kind, mutated))).toBe(true);
        headCommitOf({ kind, payload: mutated });
      }),
      { numRuns: 3_000 },
    );
  });

  test('names are never cut, titles are, at a character', () => {
    const login = 'x'.repeat(256);
    const { event, github } = extractGithub('push', {
      sender: { login },
      head_commit: { message: `${'a'.repeat(499)}\u{1f600} more\nsecond line` },
      repository: { html_url: 'javascript:alert(1)', clone_url: 'file:///etc/passwd', full_name: 'a/b' },
    });
    expect(github.sender_login).toBeNull();
    expect(event.title).toBe('a'.repeat(499));
    expect([event.url, event.repository_clone_url]).toEqual([null, null]);
  });

  test('an action in free words does not reach the type', () => {
    const typeOf = (action: unknown) => extractGithub('repository_dispatch', { action }).event.type;
    expect(typeOf('on-demand-test')).toBe('repository_dispatch.on-demand-test');
    expect(typeOf('any words.at all')).toBe('repository_dispatch');
    expect(typeOf(7)).toBe('repository_dispatch');
  });

  test('times need a zone', () => {
    const timeOf = (since: unknown) => extractGithub('star', { starred_at: since }).event.occurred_at?.toISOString();
    expect(timeOf('2021-08-19T12:16:32.000-04:00')).toBe('2021-08-19T16:16:32.000Z');
    expect(timeOf(1_557_933_591)).toBe('2019-05-15T15:19:51.000Z');
    for (const bad of ['2021-08-19T12:16:32', '2021-08-19', 1e300, -1, 0.5, true]) expect(timeOf(bad)).toBeUndefined();
  });
});

describe('headCommitOf', () => {
  const sha = 'a'.repeat(40);
  const push = (payload: object) => headCommitOf({ kind: 'push', payload });

  test('a push to a branch, a tag, and one that removes its ref', () => {
    expect(push({ ref: 'refs/heads/feature/x', after: sha })).toEqual({
      state: 'present',
      sha,
      branch: 'feature/x',
      ref: 'refs/heads/feature/x',
    });
    expect(push({ ref: 'refs/tags/v1', after: 'b'.repeat(40), head_commit: { id: sha } })).toEqual({
      state: 'present',
      sha,
      branch: null,
      ref: 'refs/tags/v1',
    });
    const gone = { state: 'deleted', branch: 'main', ref: 'refs/heads/main' };
    expect(push({ ref: 'refs/heads/main', deleted: true, after: sha })).toEqual(gone);
    expect(push({ ref: 'refs/heads/main', after: '0'.repeat(40) })).toEqual(gone);
    expect(push({ ref: 'refs/heads/main', after: '0'.repeat(64), deleted: false })).toEqual(gone);
  });

  test('a pull request, by the ref the base repository has', () => {
    const payload = { number: 7, pull_request: { head: { ref: 'patch-1', sha } } };
    expect(headCommitOf({ kind: 'pull_request', payload })).toEqual({
      state: 'present',
      sha,
      branch: 'patch-1',
      ref: 'refs/pull/7/head',
    });
  });

  test('a delete event', () => {
    expect(headCommitOf({ kind: 'delete', payload: { ref: 'old', ref_type: 'branch' } })).toEqual({
      state: 'deleted',
      branch: 'old',
      ref: 'refs/heads/old',
    });
    expect(headCommitOf({ kind: 'delete', payload: { ref: 'v1', ref_type: 'tag' } })).toMatchObject({
      ref: 'refs/tags/v1',
    });
  });

  test('all real pushes and pull requests have a head or are deletions, other kinds have none', () => {
    for (const { kind, payload } of payloads) {
      const expected = ['push', 'pull_request', 'delete'].includes(kind);
      expect(headCommitOf({ kind, payload }) !== null, kind).toBe(expected);
    }
  });

  test('names that git would refuse or read as something else are no heads', () => {
    for (const name of [
      '-x',
      'a/-x',
      '--upload-pack=x',
      'a..b',
      'a b',
      'a\n',
      'a:b',
      'a~1',
      'a^',
      '.a',
      'a/.b',
      'a.lock',
      'a//b',
      'a/',
      '',
      '@{u}',
      'a\\b',
      'a.',
    ]) {
      expect(isSafeRef(`refs/heads/${name}`), name).toBe(false);
      expect(push({ ref: `refs/heads/${name}`, after: sha })).toBeNull();
    }
    expect(push({ ref: 'main', after: sha })).toBeNull();
    expect(push({ ref: 'refs/heads/main', after: 'HEAD' })).toBeNull();
    expect(push({ ref: 'refs/heads/größe', after: sha })).toMatchObject({ branch: 'größe' });
  });
});

test('docs/reference/github-events.md is current', () => {
  if (update) {
    mkdirSync(fileURLToPath(new URL('../../../../docs/reference/', import.meta.url)), { recursive: true });
    writeFileSync(referenceFile, githubReference());
  }
  expect(readFileSync(referenceFile, 'utf8')).toBe(githubReference());
});
