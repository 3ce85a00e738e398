/** Both clients cover the whole API, and the Python client holds against a real Plinth. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { operations } from '../../src/client/operations.gen.ts';
import { makeApp } from '../../src/plinth.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { describeEngines } from '../support/engines.ts';
import { type LivePlinth, openLivePlinth } from '../support/live-plinth.ts';

const folder = fileURLToPath(new URL('../../clients/python/', import.meta.url));
const hang_ms = 120_000;
const hasPython = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;
const ifPython = hasPython ? it : it.skip;
const orSkipped = hasPython ? '' : ' (skipped: there is no python3 of 3.9 or later)';

interface Finished {
  readonly code: number | null;
  readonly said: string;
}

/** Runs `python3 -W error` with the arguments, in the client's folder. */
function python(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return run('python3', ['-W', 'error', ...args], { PYTHONPATH: 'src', PYTHONDONTWRITEBYTECODE: '1', ...env });
}

/** What a program wrote, and its code. */
function run(program: string, args: readonly string[], env: Record<string, string>): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    const guard = setTimeout(() => child.kill('SIGKILL'), hang_ms);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(guard);
      resolve({ code, said });
    });
  });
}

/** The blocks of the guide in a language, under one mark. */
function blocksOf(language: string, mark = 'run with a client'): string[] {
  const guide = readFileSync(new URL('../../docs/guides/clients.md', import.meta.url), 'utf8');
  const blocks = guide.matchAll(new RegExp(`<!-- ${mark} -->\\n\`\`\`${language}\\n([^]*?)\\n\`\`\``, 'g'));
  const found = [...blocks].map(([, text]) => text as string);
  if (found.length === 0) throw new Error(`docs/guides/clients.md has no block of ${language} marked "${mark}"`);
  return found;
}

/** The whole program of the guide in a language. */
const snippetOf = (language: string): string => blocksOf(language, 'run')[0] as string;

function expectAllRan({ code, said }: Finished, skipped = 0): void {
  expect(code, said).toBe(0);
  expect(said).toMatch(/Ran [1-9]\d* tests/);
  expect(Number(/skipped=(\d+)/.exec(said)?.[1] ?? 0), said).toBe(skipped);
  // a connection left open, a thread that died: Python tells and goes on
  expect(said).not.toContain('Exception ignored');
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

describe('the operations of the clients', () => {
  const inTypescript = Object.entries(operations).flatMap(([resource, methods]) =>
    Object.entries(methods).map(([name, text]) => [resource, name, text.split(' ').slice(0, 2).join(' ')] as const),
  );

  it('are the same in TypeScript and Python', () => {
    const generated = readFileSync(join(folder, 'src/plinth/_generated.py'), 'utf8');
    const inPython = [...generated.matchAll(/^ {4}"(\w+\.\w+)": "([A-Z]+ \/[^"]+)",$/gm)].map(([, name, route]) => [
      name,
      route,
    ]);
    expect(inPython.length).toBeGreaterThan(60);
    expect(new Map(inPython as [string, string][])).toEqual(
      new Map(inTypescript.map(([resource, name, route]) => [`${snake(resource)}.${snake(name)}`, route])),
    );
  });

  it('send the routes they are named after', async () => {
    const sent: string[] = [];
    const client = createClient({
      url: 'http://plinth.example',
      key: 'k',
      fetch: async (input, init) => {
        sent.push(`${init?.method} ${decodeURIComponent(new URL(String(input)).pathname)}`);
        return Response.json({ data: [], next_cursor: null });
      },
    });
    const resources = client as unknown as Record<string, Record<string, (...given: unknown[]) => Promise<unknown>>>;
    for (const [resource, name, route] of inTypescript) {
      const parameters = route.match(/\{\w+\}/g) ?? [];
      await resources[resource]?.[name]?.(...parameters, {});
      expect(sent.pop(), `${resource}.${name}`).toBe(route);
    }
  });
});

describeEngines('the clients and a real Plinth', (on) => {
  let live: LivePlinth;
  beforeAll(async () => {
    live = await openLivePlinth(on.engine);
  });
  afterAll(() => live.close());

  it('reach every operation below /v1 that it documents', async () => {
    const { app } = await makeApp(live.plinth.platform);
    await app.ready();
    const documented = Object.entries(app.swagger().paths ?? {}).flatMap(([path, methods]) =>
      path.startsWith('/v1/')
        ? Object.entries(methods ?? {})
            // streams have a call of their own
            .filter(([, operation]) => !('x-stream' in (operation as object)))
            .map(([method]) => `${method.toUpperCase()} ${path}`)
        : [],
    );
    const reached = Object.values(operations).flatMap((methods) =>
      Object.values(methods).map((text) => text.split(' ').slice(0, 2).join(' ')),
    );
    expect(documented.length).toBeGreaterThan(60);
    expect(reached.sort()).toEqual(documented.sort());
    await app.close();
  });

  ifPython(`from Python${orSkipped}`, { timeout: hang_ms }, async () => {
    const env = {
      PLINTH_URL: live.url,
      PLINTH_KEY: live.key,
      PLINTH_EMAIL: live.email,
      PLINTH_PASSWORD: live.password,
    };
    expectAllRan(await python(['-m', 'unittest', 'tests.test_plinth'], env));
  });
});

describeEngines('what the guide and the examples show', (on) => {
  let live: LivePlinth;
  let temporary: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    live = await openLivePlinth(on.engine);
    temporary = mkdtempSync(join(tmpdir(), 'plinth-clients-'));
    env = { PLINTH_URL: live.url, PLINTH_KEY: live.key };
  });
  afterAll(async () => {
    await live.close();
    rmSync(temporary, { recursive: true });
  });

  /** As in a project that has installed the package. */
  function typescript(text: string): Promise<Finished> {
    const file = join(temporary, 'snippet.ts');
    const client = new URL('../../src/client/index.ts', import.meta.url).href;
    expect(text).toContain("'plinth/client'");
    writeFileSync(file, text.replace("'plinth/client'", JSON.stringify(client)));
    return run(process.execPath, [file], env);
  }

  it('the snippet in TypeScript', async () => {
    const { code, said } = await typescript(snippetOf('ts'));
    expect([code, said]).toEqual([0, expect.stringMatching(/^Rockets\n(Rockets\n)?invalid_request body\/name\n$/)]);
  });

  ifPython(`the snippet in Python${orSkipped}`, async () => {
    const { code, said } = await python(['-c', snippetOf('python')], env);
    expect([code, said]).toEqual([0, expect.stringMatching(/^Rockets\n(Rockets\n)?invalid_request body\/name\n$/)]);
  });

  /** What the guide's shorter blocks take for granted, and what they came to. */
  const around = {
    ts: [
      `import { createClient } from 'plinth/client';
       interface Project { id: string; name: string }
       const client = createClient({ url: process.env.PLINTH_URL, key: process.env.PLINTH_KEY });
       const readEvents = () => Array.from({ length: 3 }, (_, n) => ({ type: 'page.read', id: 'ts-' + n, payload: { n } }));`,
      'console.log(task.status, task.results, rows.length > 0 && rows.every(({ name }) => name === "Rockets"));',
    ],
    python: [
      `import os
from plinth import Client
client = Client(os.environ["PLINTH_URL"], key=os.environ["PLINTH_KEY"])
read_events = lambda: ({"type": "page.read", "id": f"py-{n}", "payload": {"n": n}} for n in range(3))`,
      'client.close()\nprint(task["status"], task["results"], len(rows) > 0 and all(row["name"] == "Rockets" for row in rows))',
    ],
  };
  const program = (language: 'ts' | 'python') => {
    const [before, after] = around[language];
    return [before, ...blocksOf(language), after].join('\n');
  };
  const storedPages = async () => {
    const client = { headers: { authorization: `Bearer ${live.key}` } };
    const answer = await fetch(`${live.url}/rest/v1/events?type=eq.page.read&select=id`, client);
    return ((await answer.json()) as unknown[]).length;
  };

  it('the blocks that go on from a client, in TypeScript', async () => {
    expect(await typescript(program('ts'))).toEqual({ code: 0, said: 'completed { month: 5 } true\n' });
    expect(await storedPages()).toBe(3);
  });

  ifPython(`the blocks that go on from a client, in Python${orSkipped}`, async () => {
    const before = await storedPages();
    expect(await python(['-c', program('python')], env)).toEqual({ code: 0, said: "completed {'month': 5} True\n" });
    expect(await storedPages()).toBe(before + 3);
  });

  const shown = 'project rockets\nfirst: 100 stored, 0 known already\nagain: 0 stored, 100 known already\n';
  it('the example in TypeScript', async () => {
    const text = readFileSync(new URL('../../examples/clients/events.ts', import.meta.url), 'utf8');
    expect(await typescript(text)).toEqual({ code: 0, said: shown });
  });

  ifPython(`the example in Python${orSkipped}`, async () => {
    const file = fileURLToPath(new URL('../../examples/clients/events.py', import.meta.url));
    expect(await python([file], env)).toEqual({ code: 0, said: shown });
    const wrong = await python([file], { ...env, PLINTH_KEY: 'plk_nonsense' });
    expect([wrong.code, wrong.said]).toEqual([1, expect.stringContaining('unauthenticated: ')]);
  });
});

describe('the Python client by itself', () => {
  ifPython(
    `compiles without a warning, and holds against broken servers${orSkipped}`,
    { timeout: hang_ms },
    async () => {
      const temporary = mkdtempSync(join(tmpdir(), 'plinth-python-'));
      const { key, cert } = selfSignedCertificate('localhost');
      const server = createServer({ key, cert }, (_request, response) => {
        response.setHeader('content-type', 'application/json').end('{"tls":true}');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const ca = join(temporary, 'ca.pem');
        writeFileSync(ca, cert);
        const { code, said } = await python(['-m', 'compileall', '-q', '-f', 'src', 'tests'], {
          PYTHONPYCACHEPREFIX: temporary,
        });
        expect([code, said]).toEqual([0, '']);
        const url = `https://localhost:${(server.address() as AddressInfo).port}`;
        const files = ['tests.test_hostile', 'tests.test_live', 'tests.test_types', 'tests.test_webhooks'];
        expectAllRan(await python(['-m', 'unittest', ...files], { PLINTH_TLS_URL: url, PLINTH_TLS_CA: ca }));
      } finally {
        server.close();
        rmSync(temporary, { recursive: true });
      }
    },
  );
});
