/** A server that speaks just enough of PostgreSQL's protocol to say that it is an old one. */
import { createServer, type Server, type Socket } from 'node:net';

const SSL_REQUEST = 80_877_103;
/** Type ids of pg_type, in the order of the columns that the inspection asks for. */
const columns: readonly [name: string, typeId: number][] = [
  ['version_num', 23],
  ['version', 25],
  ['citus', 16],
  ['vector', 16],
  ['pid', 23],
  ['settings', 114],
];
const settings = JSON.stringify({
  default_transaction_isolation: 'read committed',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  timezone: 'UTC',
});

export interface OldPostgres {
  readonly port: number;
  /** Statements it was sent. */
  readonly statements: readonly string[];
  close(): void;
}

/** Listens on a free port of 127.0.0.1; takes anybody in, offers no TLS, and answers each query with its version. */
export async function startOldPostgres(major: number, minor: number): Promise<OldPostgres> {
  const statements: string[] = [];
  const row = [String(major * 10_000 + minor), `${major}.${minor}`, 'f', 'f', '1', settings];
  const server: Server = createServer((socket) => serve(socket, row, statements));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { port, statements, close: () => void server.close() };
}

function serve(socket: Socket, row: readonly string[], statements: string[]): void {
  let received: Buffer = Buffer.alloc(0);
  let isStarted = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      // what opens a connection has no type byte
      const typeBytes = isStarted ? 1 : 0;
      if (received.length < typeBytes + 4) return;
      const end = typeBytes + received.readInt32BE(typeBytes);
      if (received.length < end) return;
      const [type, body] = [received.toString('latin1', 0, typeBytes), received.subarray(typeBytes + 4, end)];
      received = received.subarray(end);
      if (!isStarted && body.readInt32BE(0) === SSL_REQUEST) {
        socket.write('N');
      } else if (!isStarted) {
        isStarted = true;
        socket.write(Buffer.concat([message('R', int32(0)), readyForQuery]));
      } else if (type === 'Q') {
        statements.push(body.toString('utf8', 0, body.length - 1));
        socket.write(Buffer.concat([description, dataRow(row), message('C', text('SELECT 1')), readyForQuery]));
      } else {
        socket.end();
      }
    }
  });
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
const text = (value: string) => Buffer.from(`${value}\0`);

function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

const readyForQuery = message('Z', Buffer.from('I'));
const description = message(
  'T',
  int16(columns.length),
  ...columns.map(([name, typeId]) =>
    // of no table, of any size, in text
    Buffer.concat([text(name), int32(0), int16(0), int32(typeId), int16(0xffff), int32(-1), int16(0)]),
  ),
);

function dataRow(values: readonly string[]): Buffer {
  const fields = values.map((value) => Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]));
  return message('D', int16(values.length), ...fields);
}
