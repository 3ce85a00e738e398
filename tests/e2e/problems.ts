/** What every refusal must look like, over HTTP and on the command line. */
import { connect } from 'node:net';
import { expect } from 'vitest';
import { loadCommands } from '../../src/cli/commands.ts';
import { configErrors } from '../../src/platform/core/config.ts';
import { errorCatalogue } from '../../src/platform/core/errors.ts';
import type { Finished } from '../support/program.ts';

// the whole catalogue: everything the server and the command line load
void configErrors;
await loadCommands();

/** Stacks, SQL, names of our files and of the machine's folders: nobody outside learns of these. */
const inside =
  /\n\s+at |node:internal|node_modules|\.ts\b|\.js:\d|\/src\/|\bselect\b[^"]*\bfrom\b|insert into|pg_catalog|plinth\.\w+|plinth_app|DatabaseError/i;

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends bytes as they are, and reads until the other side closes or `quiet` ms pass after an answer. */
export function sendRaw(port: number, bytes: string | Buffer, quietMs = 400): Promise<RawAnswer[]> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let quiet: NodeJS.Timeout | undefined;
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const guard = setTimeout(() => finish(), 30_000);
    const finish = () => {
      clearTimeout(quiet);
      clearTimeout(guard);
      socket.destroy();
      try {
        resolve(parseAnswers(Buffer.concat(parts)));
      } catch (error) {
        reject(error);
      }
    };
    socket.on('data', (chunk: Buffer) => {
      parts.push(chunk);
      clearTimeout(quiet);
      quiet = setTimeout(finish, quietMs);
    });
    socket.on('close', finish);
    // a refusal while we still send ends the connection: what it said has been read
    socket.on('error', () => undefined);
  });
}

function parseAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`not an answer: ${rest.toString('latin1').slice(0, 200)}`);
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const length = Number(headers.get('content-length') ?? 0);
    answers.push({
      status: Number(first.split(' ')[1]),
      headers,
      body: rest.subarray(end + 4, end + 4 + length).toString('utf8'),
    });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

/** The answer is a problem of the catalogue with this code, whole, and tells nothing of the inside. */
export function expectProblem(
  answer: { status: number; type: string | null | undefined; body: string },
  code: string,
): void {
  expect(answer.type).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(answer.body) as Record<string, unknown>;
  expect(problem, answer.body).toMatchObject({ code });
  const definition = errorCatalogue().get(code);
  expect(definition, `${code} is in the catalogue`).toBeDefined();
  expect(answer.status).toBe(definition?.status);
  expect(problem).toMatchObject({
    type: `/docs/errors#${code}`,
    title: definition?.title,
    status: answer.status,
    hint: expect.any(String),
    request_id: expect.any(String),
  });
  expect(answer.body).not.toMatch(inside);
}

/** The command ended as described: its code in the words, nothing on standard output, no stack. */
export function expectRefusal(finished: Finished, exit: number, words: string | RegExp): void {
  expect({ code: finished.code, signal: finished.signal }, finished.stderr).toEqual({ code: exit, signal: null });
  expect(finished.stderr).toMatch(words);
  expect(finished.stderr).toMatch(/^plinth: /m);
  expect(finished.stderr).not.toMatch(/\n\s+at |node:internal|node_modules|\.ts:\d/);
}
