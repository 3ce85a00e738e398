/** A mixed load on several processes: what must arrive however often it takes, and reads that must be answered. */
import { type Answer, send, type Target, type Write } from './writers.ts';

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const tries_max = 400;
const retry_ms = 50;

export interface Sent {
  readonly id: string;
  acknowledged: boolean;
  /** Of the last answer, unless it acknowledged. */
  failure?: string;
}

export interface Message {
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

export interface Sender {
  /** Each thing once, in the order they were begun. */
  readonly sent: readonly Sent[];
  /** Resolves when the last thing begun is acknowledged, or given up. */
  stop(): Promise<void>;
}

/** The time a client takes between two requests, 0 to `ms_max`: a load, and not the most the machine can do. */
export type Rest = () => Promise<unknown>;

/** Sends one thing after the other, each again and again to whichever process answers, until it is acknowledged. */
export function startSender(
  targets: readonly Target[],
  name: string,
  rest: Rest,
  make: (id: string, number: number) => Message,
): Sender {
  const sent: Sent[] = [];
  let stopping = false;
  const stopped = (async () => {
    for (let n = 0; !stopping; n++) {
      const one: Sent = { id: `${name}-${n}`, acknowledged: false };
      sent.push(one);
      for (let tries = 0; !one.acknowledged && tries < tries_max; tries++) {
        const { path, ...options } = make(one.id, n);
        const answer = await send(targets[(n + tries) % targets.length] as Target, 'POST', path, options).catch(
          (error: Error): Answer => ({ status: 0, type: undefined, text: error.message }),
        );
        one.acknowledged = answer.status >= 200 && answer.status < 300;
        if (one.acknowledged) break;
        one.failure = `${answer.status} ${answer.text}`;
        await pause(retry_ms);
      }
      await rest();
    }
  })();
  return {
    sent,
    stop: async () => {
      stopping = true;
      await stopped;
    },
  };
}

export interface Reader {
  /** Requests answered as they should be. */
  answered: number;
  /** Requests of which no whole answer came: of a process that is not there. */
  unanswered: number;
  /** What was answered otherwise. */
  readonly problems: string[];
  stop(): Promise<void>;
}

/** Reads lists, and rows that were acknowledged, by whichever process: an acknowledged row is there at once, everywhere. */
export function startReader(
  targets: readonly Target[],
  lists: readonly string[],
  random: () => number,
  rest: Rest,
  anyWrite: () => Write | undefined,
): Reader {
  let stopping = false;
  const reader: Reader = {
    answered: 0,
    unanswered: 0,
    problems: [],
    stop: async () => {
      stopping = true;
      await stopped;
    },
  };
  async function readOne(n: number): Promise<void> {
    const target = targets[Math.floor(random() * targets.length)] as Target;
    const drawn = n % 2 === 0 ? anyWrite() : undefined;
    const write = drawn?.acknowledged ? drawn : undefined;
    const path = write
      ? `/rest/v1/projects?select=slug&slug=in.(${write.slugs.join(',')})`
      : (lists[n % lists.length] as string);
    const answer = await send(target, 'GET', path).catch(() => undefined);
    if (answer === undefined) reader.unanswered++;
    else if (answer.status !== 200) reader.problems.push(`${path}: ${answer.status} ${answer.text}`);
    else if (write && (JSON.parse(answer.text) as unknown[]).length !== write.slugs.length) {
      reader.problems.push(`${path}: acknowledged, and not there`);
    } else reader.answered++;
  }
  const stopped = (async () => {
    for (let n = 0; !stopping; n++) {
      await readOne(n);
      await rest();
    }
  })();
  return reader;
}
