/**
 * Clients of /v1/live in a process of their own. Arguments: the server's address, then a file with a key a line, how many clients
 * share them. Writes "ready" when
 * every stream is open; for each event all of them have, a line with its number and when the first and the last had it (ms since
 * 1970); "ended" and when, as the last stream ends. Complains of an event that came twice or in the wrong order.
 */
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';

const [base = '', keysFile = '', count = ''] = process.argv.slice(2);
const keys = readFileSync(keysFile, 'utf8').trim().split('\n');
const clients = Number(count);
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
const now = () => performance.timeOrigin + performance.now();
const say = (line: string) => process.stdout.write(`${line}\n`);

const seen = new Map<number, { first: number; count: number }>();
let open = 0;
let ended = 0;

function saw(number: number): void {
  const at = now();
  const entry = seen.get(number) ?? { first: at, count: 0 };
  seen.set(number, entry);
  entry.count++;
  if (entry.count === clients) say(`${number} ${entry.first} ${at}`);
}

function follow(key: string): void {
  get(`${base}/v1/live?type=live.*`, { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
    if (response.statusCode !== 200) throw new Error(`a stream was refused: ${response.statusCode}`);
    let rest = '';
    let last = -1;
    response.setEncoding('utf8').on('data', (text: string) => {
      const frames = (rest + text).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        if (frame.startsWith('event: ready') || frame.includes('\nevent: ready')) {
          open++;
          if (open === clients) say('ready');
        }
        const found = /"type":"live\.(\d+)"/.exec(frame)?.[1];
        if (found === undefined) continue;
        const number = Number(found);
        if (number !== last + 1) throw new Error(`after ${last} came ${number}`);
        last = number;
        saw(number);
      }
    });
    response.on('close', () => {
      ended++;
      if (ended === clients) say(`ended ${now()}`);
    });
  }).on('error', (error) => {
    throw error;
  });
}
for (let n = 0; n < clients; n++) follow(keys[n % keys.length] ?? '');
