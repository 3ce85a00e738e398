import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

export default defineConfig({
  // examples and their tests import the package by its name: here that means the sources, not a build of them
  ssr: { resolve: { conditions: ['plinth-source', 'module', 'node'], externalConditions: ['plinth-source', 'node'] } },
  test: {
    include: ['{src,tests,tools}/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    pool: 'forks',
    // as bin/plinth.js does, and for the same reason
    execArgv: ['--wasm-tiering-budget=2000000000'],
    sequence: { sequencer: LongestFirst },
    // left to vitest it would be one less than there are processors. With three on two, tests that measure a lease or wait
    // for a page get less than the machine promises
    maxWorkers: Number(process.env['PLINTH_TEST_WORKERS'] ?? 2),
    // of tests in one file that are said to be: they wait more than they work
    maxConcurrency: 20,
    // a cluster takes several times as long
    testTimeout: process.env['PLINTH_TEST_CITUS_URL'] ? 120_000 : 30_000,
    hookTimeout: process.env['PLINTH_TEST_CITUS_URL'] ? 180_000 : 60_000,
    // what is waited for comes later on a busy machine: a guard against hanging, below a test's own
    expect: { poll: { timeout: 15_000 } },
  },
});
