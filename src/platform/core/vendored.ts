import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/**
 * The path of another package's data file. The published package carries the few it needs itself (tools/build.ts,
 * NOTICE): the grammars' own packages are twenty times as large and build native code when they are installed. In a
 * checkout they are development dependencies. Throws when there is neither.
 */
export function vendoredFile(packageName: string, file: string): string {
  const ours = fileURLToPath(new URL(`../../vendor/${packageName}/${file}`, import.meta.url));
  return existsSync(ours) ? ours : require.resolve(`${packageName}/${file}`);
}
