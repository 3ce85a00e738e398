import type { LiveEvent } from '../../src/modules/events/live/feed.ts';

interface Message {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: unknown;
}

function messageOf(text: string): Message {
  const fields = new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
  );
  const data = fields.get('data');
  return { id: fields.get('id'), event: fields.get('event'), data: data === undefined ? undefined : JSON.parse(data) };
}

/** A reader of /v1/live that keeps what it was told. */
export class LiveListener {
  readonly messages: Message[] = [];
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  #changed = Promise.withResolvers<void>();
  readonly status: number;

  constructor(response: Response, stop: AbortController) {
    this.status = response.status;
    this.#stop = stop;
    this.ended = this.#read(response);
  }

  /** `credentials`: an API key, or the headers to send. Resolves once the first message is there. */
  static async open(
    url: string,
    credentials: string | Record<string, string>,
    query = '',
    lastId?: string,
  ): Promise<LiveListener> {
    const stop = new AbortController();
    const headers = typeof credentials === 'string' ? { authorization: `Bearer ${credentials}` } : credentials;
    const response = await fetch(`${url}/v1/live${query}`, {
      headers: { ...headers, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
      signal: stop.signal,
    });
    const listener = new LiveListener(response, stop);
    if (response.status === 200) await listener.until(({ messages }) => messages.length > 0);
    return listener;
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        const parts = text.split('\n\n');
        text = parts.pop() as string;
        this.messages.push(...parts.map(messageOf));
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      }
    } catch {
      // stopped by the test
    }
    this.#changed.resolve();
  }

  get events(): LiveEvent[] {
    return this.messages.filter(({ event }) => event === 'event').map(({ data }) => data as LiveEvent);
  }

  get lastId(): string | undefined {
    return this.messages.findLast(({ id }) => id !== undefined)?.id;
  }

  get endReason(): unknown {
    return (this.messages.find(({ event }) => event === 'end')?.data as { reason?: string } | undefined)?.reason;
  }

  async until(isDone: (listener: LiveListener) => boolean): Promise<void> {
    const late = Date.now() + 20_000;
    while (!isDone(this)) {
      if (Date.now() > late) throw new Error(`still waiting: ${JSON.stringify(this.messages.slice(-3))}`);
      await Promise.race([this.#changed.promise, new Promise((resolve) => setTimeout(resolve, 500))]);
    }
  }

  stop(): void {
    this.#stop.abort();
  }
}
