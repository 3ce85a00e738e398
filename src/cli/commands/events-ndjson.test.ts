import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../../tests/support/command.ts';
import { type RefusedLine, SendRefused, sendLines } from '../../client/send-lines.ts';
import { openTestPlinth, type TestOrganization, type TestPlinth } from '../../testing.ts';

describe('events send --ndjson', () => {
  let plinth: TestPlinth;
  let acme: TestOrganization;
  let url: string;
  const folder = mkdtempSync(join(tmpdir(), 'plinth-ndjson-'));
  beforeAll(async () => {
    plinth = await openTestPlinth();
    acme = await plinth.makeOrganization('Acme');
    ({ url } = await plinth.listen({ host: '127.0.0.1', port: 0 }));
  });
  afterAll(async () => {
    await plinth.close();
    rmSync(folder, { recursive: true });
  });
  const fileOf = (text: string): string => {
    const file = join(folder, 'events.ndjson');
    writeFileSync(file, text);
    return file;
  };
  const run = (file: string, ...words: string[]) =>
    runCommand(['events', 'send', '--ndjson', file, '--url', url, '--key', acme.key, ...words], {
      config: plinth.config,
    });

  it('stores what can be stored, names each line that can not, and adds nothing the second time', async () => {
    const good = Array.from({ length: 2_300 }, (_, n) => JSON.stringify({ id: `n-${n}`, type: 'line.sent' }));
    const lines = [...good.slice(0, 1_500), '{"type": ', '', ...good.slice(1_500), '{"id": "x"}'];
    const file = fileOf(`${lines.join('\r\n')}`);
    const first = await run(file);
    expect(first.exit).toBe(1);
    expect(first.out).toEqual([
      expect.stringMatching(/^refused {2}line 1501: invalid_json/),
      expect.stringMatching(/^refused {2}line 2303: invalid_request/),
      '2300 stored, 0 duplicates, 2 refused',
    ]);
    const again = await run(file, '--json');
    expect(JSON.parse(again.out[0] as string)).toMatchObject({
      stored: 0,
      duplicates: 2_300,
      refused: 2,
      lines: [expect.objectContaining({ line: 1_501 }), expect.objectContaining({ line: 2_303 })],
    });
    expect((await run(fileOf('{"type":"fine"}\n\n'))).exit).toBe(0);
    expect((await run(fileOf('\n \n'))).out).toEqual(['0 stored, 0 duplicates, 0 refused']);
  });

  it('says what the server refuses, and what it can not read', async () => {
    expect((await run(fileOf('{"type":"a"}'), '--key', 'plk_nonsense')).exit).toBe(3);
    await expect(run(join(folder, 'none'))).rejects.toMatchObject({ name: 'UsageError' });
    await expect(run(fileOf(''), 'another')).rejects.toMatchObject({ name: 'UsageError' });
    await expect(run(fileOf(''), '--secret', 'x')).rejects.toMatchObject({ name: 'UsageError' });
    await expect(run(fileOf(''), '--url', 'nowhere')).rejects.toMatchObject({ name: 'UsageError' });
  });
});

describe('sending lines', () => {
  async function against(
    behave: (request: IncomingMessage, response: ServerResponse, body: string, nth: number) => void,
    input: Iterable<Buffer>,
    linesMax?: number,
  ) {
    const asked: { key: unknown; body: string }[] = [];
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts).toString();
      asked.push({ key: request.headers['idempotency-key'], body });
      behave(request, response, body, asked.length);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const refused: RefusedLine[] = [];
    try {
      const sent = await sendLines({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        key: 'k',
        input: Readable.from(input),
        onRefused: (line) => void refused.push(line),
        ...(linesMax === undefined ? {} : { linesMax }),
      });
      return { sent, asked, refused };
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const stored = (response: ServerResponse, body: string) => {
    const data = body
      .split('\n')
      .slice(0, -1)
      .map((_, at) => ({ line: at + 1, id: 'x', duplicate: false }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ data }));
  };

  it('cuts the file at lines, wherever its bytes come apart, and numbers them through', async () => {
    const bytes = Buffer.from('{"a":"é"}\n{"b":1}\n{"c":1}\n{"d":1}\n{"e":1}');
    const single = Array.from(bytes, (byte) => Buffer.of(byte));
    const { sent, asked, refused } = await against(
      (_request, response, body, nth) => {
        if (nth !== 2) return stored(response, body);
        const data = [
          { line: 1, id: 'x' },
          { line: 2, error: { code: 'invalid_json', title: 'No' } },
        ];
        response.writeHead(207, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
      },
      single,
      2,
    );
    expect(asked.map(({ body }) => body)).toEqual(['{"a":"é"}\n{"b":1}\n', '{"c":1}\n{"d":1}\n', '{"e":1}\n']);
    expect(new Set(asked.map(({ key }) => key)).size).toBe(3);
    expect(refused).toEqual([{ line: 4, code: 'invalid_json', detail: 'No' }]);
    expect(sent).toEqual({ stored: 4, duplicates: 0, refused: 1 });
  });

  it('sends what was lost again under the same key', async () => {
    const { sent, asked } = await against(
      (request, response, body, nth) => {
        if (nth === 1) request.socket.destroy();
        else if (nth === 2) response.writeHead(503, { 'retry-after': '0' }).end('busy');
        else stored(response, body);
      },
      [Buffer.from('{"a":1}\n')],
    );
    expect([sent.stored, asked.length, new Set(asked.map(({ key }) => key)).size]).toEqual([1, 3, 1]);
  });

  it('passes over a line that no request takes, and keeps none of it', async () => {
    function* input() {
      yield Buffer.from('{"a":1}\n"');
      for (let n = 0; n < 12; n++) yield Buffer.alloc(1024 * 1024, 'x');
      yield Buffer.from('"\n{"b":1}\n');
    }
    const { sent, refused } = await against((_request, response, body) => stored(response, body), input());
    expect(sent).toEqual({ stored: 2, duplicates: 0, refused: 1 });
    expect(refused).toEqual([expect.objectContaining({ line: 2, code: 'body_too_large' })]);
  });

  it('stops where asking again does not help', async () => {
    const refuse = against(
      (_request, response) => void response.writeHead(403).end('{"code":"forbidden","title":"No"}'),
      [Buffer.from('{"a":1}\n')],
    );
    await expect(refuse).rejects.toThrow(new SendRefused('403 forbidden No'));
  });
});
