import { describe, expect, test } from 'vitest';
import type { FileAnalysis } from './analyze-source.ts';
import { runAnalysis } from './run-analysis.ts';
import { directorySource } from './sources/directory.ts';
import { type AnalysisSource, emptyCounts, type SourceFile } from './sources/source.ts';
import type { AnalysisSummary } from './summary.ts';

/** A source of texts; counts how many were taken from it. */
function textSource(files: Iterable<[path: string, text: string] | SourceFile>): AnalysisSource & { taken: number } {
  const source = {
    description: 'texts',
    commitSha: null,
    counts: emptyCounts(),
    taken: 0,
    async *files(): AsyncGenerator<SourceFile> {
      for (const file of files) {
        source.taken++;
        if (!Array.isArray(file)) yield file;
        else {
          const bytes = new TextEncoder().encode(file[1]);
          yield { path: file[0], sizeBytes: bytes.length, bytes };
        }
      }
    },
  };
  return source;
}

async function collect(
  source: AnalysisSource,
  options: Parameters<typeof runAnalysis>[1] = {},
): Promise<{ files: FileAnalysis[]; summary: AnalysisSummary }> {
  const run = runAnalysis(source, options);
  const files: FileAnalysis[] = [];
  for await (const file of run) files.push(file);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, summary: await run.summary };
}

const complex = `function f() {\n${'  use(a && b);\n'.repeat(40)}}\n`;
const texts: [string, string][] = [
  ['a.ts', 'export const a = 1;\n// b\n\n'],
  ['b.py', 'def f():\n    return 1\n'],
  ['c.js', complex],
  ['d.js', 'const = ;\n'],
  ['e.js', 'a=b;'.repeat(3000)],
  ['run', 'no script'],
];

describe('a run', () => {
  test('gives a result for each file and their sum', async () => {
    const unread: SourceFile = {
      path: 'big.js',
      sizeBytes: 9_000_000,
      unread: { status: 'skipped', code: 'too_large' },
    };
    const progress: string[] = [];
    const { files, summary } = await collect(textSource([...texts, unread]), {
      onProgress: ({ path }) => progress.push(path),
    });
    expect(files.map((file) => [file.path, file.parseStatus])).toEqual([
      ['a.ts', 'ok'],
      ['b.py', 'ok'],
      ['big.js', 'skipped'],
      ['c.js', 'ok'],
      ['d.js', 'partial'],
      ['e.js', 'skipped'],
    ]);
    expect(progress.sort()).toEqual(files.map((file) => file.path));
    expect(summary.counts).toMatchObject({
      files: 6,
      byStatus: { ok: 3, partial: 1, failed: 0, skipped: 2 },
      byReason: { syntax_error: 1, minified: 1, too_large: 1 },
      functions: 2,
    });
    expect(summary.counts.source.otherLanguages).toBe(1);
    expect(summary.totals).toMatchObject({ linesTotal: 48, linesCode: 46, linesComment: 1, linesBlank: 1 });
    expect(summary.languages).toEqual({
      typescript: { files: 1, codeLines: 1 },
      python: { files: 1, codeLines: 2 },
      javascript: { files: 2, codeLines: 43 },
    });
    const debt = files.flatMap((file) => file.issues).reduce((sum, issue) => sum + issue.remediationMinutes, 0);
    expect(summary.quality.debtMinutes).toBe(debt);
    expect(summary.quality.debtRatio).toBeCloseTo(debt / (30 * 46), 10);
    expect(summary.worstFiles.map((file) => file.path)).toEqual(['c.js', 'd.js']);
    expect(Object.keys(summary.toolVersions)).toContain('web-tree-sitter');
  });

  test('gives the same whatever the number of workers, but for the order', async () => {
    const golden = new URL('./fixtures/golden', import.meta.url).pathname;
    const one = await collect(await directorySource(golden), { concurrency: 1 });
    const three = await collect(await directorySource(golden), { concurrency: 3 });
    expect(three).toEqual(one);
    expect(one.files.length).toBe(4);
  });

  test('without files has no score', async () => {
    const { files, summary } = await collect(textSource([]));
    expect(files).toEqual([]);
    expect(summary.quality).toMatchObject({ score: null, rating: null, debtMinutes: 0 });
  });

  test('takes no more from its source than the reader can hold back', async () => {
    const source = textSource(
      (function* () {
        for (let index = 0; index < 2_000; index++) yield [`f${index}.js`, 'f();\n'] as [string, string];
      })(),
    );
    const results = runAnalysis(source)[Symbol.asyncIterator]();
    await results.next();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(source.taken).toBeLessThan(150);
    await results.return?.();
  });
});

describe('a run survives its workers', () => {
  const pool = {
    workerFile: new URL('./fixtures/workers/faulty.ts', import.meta.url),
    silenceMs: 8_000,
    heapMegabytes: 64,
  };

  test('that exit, throw, hang or run out of memory: the file is recorded, the rest analysed', async () => {
    const bad = ['exit.js', 'fault.js', 'hang.js', 'throw.js', 'memory.js'];
    const source = textSource([...bad.map((path): [string, string] => [path, 'f();']), ...texts.slice(0, 3)]);
    const { files, summary } = await collect(source, { pool });
    expect(Object.fromEntries(files.map((file) => [file.path, file.reason?.code ?? 'ok']))).toEqual({
      'a.ts': 'ok',
      'b.py': 'ok',
      'c.js': 'ok',
      'exit.js': 'parser_crashed',
      'fault.js': 'parser_crashed',
      'hang.js': 'parse_timeout',
      'memory.js': expect.stringMatching(/parser_crashed|parse_timeout/),
      'throw.js': 'parser_crashed',
    });
    expect(summary.counts.byStatus).toMatchObject({ ok: 3, failed: 5 });
  }, 120_000);
});

describe('a run ends early', () => {
  const endless = (): AnalysisSource =>
    textSource(
      (function* () {
        for (let index = 0; ; index++) yield [`f${index}.js`, complex] as [string, string];
      })(),
    );

  test('when it is aborted', async () => {
    const abort = new AbortController();
    const run = runAnalysis(endless(), { signal: abort.signal });
    const reading = (async () => {
      let files = 0;
      for await (const _ of run) if (++files === 5) abort.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
    await expect(run.summary).rejects.toThrow('enough');
  });

  test('when it was aborted before', async () => {
    const run = runAnalysis(endless(), { signal: AbortSignal.abort(new Error('too late')) });
    await expect(collect(endless(), { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
    await expect(run[Symbol.asyncIterator]().next()).rejects.toThrow('too late');
  });

  test('when the reader stops', async () => {
    const run = runAnalysis(endless());
    for await (const _ of run) break;
    await expect(run.summary).rejects.toThrow('not read to their end');
  });

  test('when the source fails', async () => {
    const source: AnalysisSource = {
      ...endless(),
      async *files() {
        yield { path: 'a.js', sizeBytes: 1, bytes: Uint8Array.of(97) };
        throw new Error('the disk is gone');
      },
    };
    await expect(collect(source)).rejects.toThrow('the disk is gone');
  });
});
