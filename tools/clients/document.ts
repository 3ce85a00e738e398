import { randomBytes } from 'node:crypto';
import { modules } from '../../src/modules.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { MasterKey } from '../../src/platform/core/crypto/index.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import { makeApp, openPlinth } from '../../src/plinth.ts';
import type { OpenApiDocument } from './model.ts';

/** The OpenAPI document of this program, from a migrated engine; the engine is closed. */
export async function readOpenApi(engine: Engine): Promise<OpenApiDocument> {
  const masterKeys = { current: new MasterKey(randomBytes(32)), previous: [] };
  const plinth = await openPlinth({ engine, modules, masterKeys, config: loadConfig({ PLINTH_LOG_LEVEL: 'silent' }) });
  const { app } = await makeApp(plinth.platform);
  await app.ready();
  const document = app.swagger() as unknown as OpenApiDocument;
  await app.close();
  await plinth.close();
  return document;
}
