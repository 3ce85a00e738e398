import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,tests,tools}/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
