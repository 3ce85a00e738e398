/** Lints the migrations of every module that are not released yet. */
import { modules } from '../src/modules.ts';
import { lintMigrations } from '../src/platform/migrate/lint.ts';
import { migrationsOf } from '../src/platform/migrate/schema.ts';

const findings = await lintMigrations(await migrationsOf(modules));
for (const { path, line, rule, message, safeWay } of findings) {
  console.log(`${path}:${line} ${rule}: ${message}${safeWay ? `\n  ${safeWay}` : ''}`);
}
process.exit(findings.length === 0 ? 0 : 1);
