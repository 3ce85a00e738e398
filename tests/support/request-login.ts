import type { Engine } from '../../src/platform/db/engine.ts';
import { runBootstrap } from '../../src/platform/migrate/bootstrap.ts';

/**
 * Lets the login of the tests take the request roles, as one login for everything does in development. The embedded
 * engine's superuser may anyway.
 */
export async function admitTestLogin(engine: Engine): Promise<void> {
  if (engine.kind === 'pglite') return;
  const { rows } = await engine.directPool.query<{ login: string }>('select session_user::text as login');
  await runBootstrap(engine.directPool, { runtimeLogins: [rows[0]!.login] });
}
