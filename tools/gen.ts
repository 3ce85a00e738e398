/** `npm run gen`: writes what is generated; with --check says which of it is not current and exits with 1. */
import { readFileSync, writeFileSync } from 'node:fs';
import { renderCliReference } from '../src/cli/reference.ts';
import { renderMetricsReference } from '../src/modules/analysis/index.ts';
import { modules } from '../src/modules.ts';
import '../src/plinth.ts';
import { renderConfigReference } from '../src/platform/core/config-reference.ts';
import { renderErrorsReference } from '../src/platform/core/errors-reference.ts';
import { openPglite } from '../src/platform/db/pglite/engine.ts';
import { migrateEngine } from '../src/platform/migrate/schema.ts';
import { renderSnapshot } from '../src/platform/migrate/snapshot.ts';
import { version } from '../src/version.ts';
import { readOpenApi } from './clients/document.ts';
import { operationsOf } from './clients/model.ts';
import { renderPythonClient } from './clients/python.ts';
import { renderTypescriptClient } from './clients/typescript.ts';
import { generateTypes } from './schema-types.ts';

const engine = await openPglite({ memory: true, fsync: false });
await migrateEngine(engine, modules, { programVersion: version });
const files: Record<string, string> = {
  'src/schema.gen.ts': await generateTypes(engine.directPool, { qualified: false }),
  'src/schema.snapshot.gen.txt': await renderSnapshot(engine.directPool),
  'docs/reference/cli.md': await renderCliReference(),
  'docs/reference/errors.md': renderErrorsReference(),
  'docs/reference/configuration.md': renderConfigReference(),
  'docs/reference/code-metrics.md': renderMetricsReference(),
};
const operations = operationsOf(await readOpenApi(engine));
files['src/client/operations.gen.ts'] = renderTypescriptClient(operations);
files['clients/python/src/plinth/_generated.py'] = renderPythonClient(operations);

let stale = 0;
for (const [path, text] of Object.entries(files)) {
  const url = new URL(`../${path}`, import.meta.url);
  if (read(url) === text) continue;
  stale++;
  if (process.argv.includes('--check')) console.log(`${path} is not current: run npm run gen`);
  else {
    writeFileSync(url, text);
    console.log(`wrote ${path}`);
  }
}
process.exit(process.argv.includes('--check') && stale > 0 ? 1 : 0);

function read(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined;
  }
}
