import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take long for their size, by which vitest orders those it has not yet seen run: one that begins last is
 * waited for alone. Those that wait more than they work come first, so that others work meanwhile. A run closes with its
 * slowest files (slowest-files.ts); these took 30 s and more.
 */
const longest = [
  'tests/faults/kill-deliveries.test.ts',
  'tests/e2e/worker-check.test.ts',
  'tests/e2e/bad-start.test.ts',
  'tests/faults/kill.test.ts',
  'tests/faults/live-streams.test.ts',
  'src/platform/transfer/copy.test.ts',
  'tests/faults/hostile-handlers.test.ts',
  'tests/e2e/guide-blocks.test.ts',
  'src/modules/tasks/worker.test.ts',
  'tests/browser/projects-and-analysis.test.ts',
  'tests/faults/kill-tasks.test.ts',
  'tests/e2e/new-project.test.ts',
  'tests/isolation/attack.test.ts',
  'tests/browser/events-and-tasks.test.ts',
  'tests/e2e/readme.test.ts',
  'tests/browser/console.test.ts',
  'tests/browser/tables.test.ts',
  'tests/package/installed.test.ts',
  'tests/faults/process.test.ts',
  'tests/e2e/backup.test.ts',
  'src/platform/transfer/backup.test.ts',
  'src/platform/db/pglite/engine.test.ts',
  'src/modules/analysis/code-base.test.ts',
  'tests/e2e/application-guide.test.ts',
  'tests/deploy/image.test.ts',
  'src/platform/migrate/faults.test.ts',
  'tests/e2e/keys.test.ts',
  'tests/browser/queue.test.ts',
  'tests/browser/workflows.test.ts',
  'tests/e2e/copy.test.ts',
  'tests/browser/deliveries.test.ts',
  'tests/browser/sources.test.ts',
  'src/platform/transfer/organization.test.ts',
  'tests/e2e/python-worker.test.ts',
  'tests/conformance/door.test.ts',
  'tests/e2e/first-hour.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId, project }: TestSpecification) => {
      const at = longest.findIndex((path) => join(project.config.root, path) === moduleId);
      return at === -1 ? longest.length : at;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
