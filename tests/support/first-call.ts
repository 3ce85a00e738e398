/** What a newcomer does after the server says that it serves: the welcome link, then a call of their own with the key. */
import type { ChildProcess } from 'node:child_process';

const hang_ms = 120_000;

/** What a document shows below a command, to the end of its block; empty when it shows no such command. */
export function shownBelow(document: string, command: string): string {
  const lines = document.split('\n');
  const at = lines.findIndex((line) => line.startsWith('$ ') && line.endsWith(command));
  return at < 0 ? '' : lines.slice(at + 1, lines.indexOf('```', at)).join('\n');
}

/** What the server said as a reader of the documents would have it: their folder, the usual port, a token cut short. */
export function asInDocuments(said: string, dataFolder: string, port: number, shown: string): string {
  const folder = / in (\/home\S+)/.exec(shown)?.[1] ?? '';
  return said
    .replaceAll(dataFolder, folder)
    .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:4600')
    .replace(/\bplo_\w+/, 'plo_…');
}

/** What the server said until it served. Rejects with it when the server ends before, or after two minutes. */
export async function untilServing(server: ChildProcess): Promise<string> {
  let said = '';
  return await new Promise((resolve, reject) => {
    const guard = setTimeout(() => reject(new Error(`the server does not serve:\n${said}`)), hang_ms);
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (!/^next {2}/m.test(said)) return;
      clearTimeout(guard);
      resolve(said);
    };
    server.stdout?.on('data', hear);
    server.stderr?.on('data', hear);
    server.once('close', () => reject(new Error(`the server ended before it served:\n${said}`)));
  });
}

/** Opens the welcome link as its page does, makes a project with the key it shows, and reads it back. */
export async function callFirst(url: string, said: string): Promise<{ key: string }> {
  const token = /welcome#(\S+)/.exec(said)?.[1];
  const first = await post(`${url}/v1/first-run`, {
    token,
    email: 'ada@example.org',
    password: 'correct horse battery staple',
    full_name: 'Ada Lovelace',
    organization_name: 'Lovelace',
  });
  const { key } = (first as { api_key: { key: string } }).api_key;
  const made = (await post(`${url}/v1/projects`, { name: 'Atlas' }, key)) as { id: string };
  const headers = { authorization: `Bearer ${key}` };
  const read = await fetch(`${url}/rest/v1/projects?select=id,name`, { headers });
  const rows = await read.text();
  if (rows !== JSON.stringify([{ id: made.id, name: 'Atlas' }])) throw new Error(`not the project: ${rows}`);
  return { key };
}

async function post(url: string, body: unknown, key?: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.status !== 201) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
