import { readFile, writeFile } from 'node:fs/promises';

/** `.env.plinth`: what the demo made, for `source` and for the demo's next run. 0600: it holds keys. */
export async function readEnvFile(path: string): Promise<Map<string, string>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return new Map(
    [...text.matchAll(/^export ([A-Z0-9_]+)='([^']*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

export async function writeEnvFile(path: string, values: ReadonlyMap<string, string>): Promise<void> {
  const lines = [...values].map(([name, value]) => `export ${name}='${value}'`);
  await writeFile(path, `# made by plinth demo: keys of the demo's tenants\n${lines.join('\n')}\n`, { mode: 0o600 });
}
