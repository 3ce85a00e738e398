import { lookup } from 'node:dns/promises';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { type Cidr, parseAddress } from '../core/cidr.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { errors, PlinthError } from '../core/errors.ts';
import { type AddressPolicy, addressRefusal } from './addresses.ts';
import { outboundErrors } from './errors.ts';
import { type Life, over, startLife, untilAborted, type Watch, watched } from './life.ts';
import { outboundLimits } from './limits.ts';
import { type OutboundMethod, outboundMethods, readHeaders, readTarget, type Target } from './request-parts.ts';

/** All addresses of a name, as plain text, in order of preference. */
export type Resolver = (hostname: string) => Promise<readonly string[]>;

export interface OutboundOptions {
  /** PLINTH_OUTBOUND_ALLOW. */
  readonly allow?: readonly Cidr[];
  /** In development only. */
  readonly allowLoopback?: boolean;
  /** Ports besides 80, 443 and the free ones from 1024. */
  readonly ports?: readonly number[];
  readonly resolver?: Resolver;
  readonly clock?: Clock;
  /** Further certificate authorities, PEM. */
  readonly ca?: string;
}

export interface OutboundRequest {
  readonly method?: OutboundMethod;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For everything: names, connection, request and the whole answer. */
  readonly timeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly maxResponseBytes?: number;
  /**
   * For who looks at the status: a redirect is an answer like others (it is not followed), and a body ends where it has
   * `maxResponseBytes`.
   */
  readonly cutsAnswer?: boolean;
  readonly signal?: AbortSignal;
}

export interface OutboundResponse {
  readonly status: number;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** As it was sent: never decompressed (`identity` is asked for). */
  readonly body: Buffer;
  /** The address that answered: for the operator's log, not for tenants. */
  readonly address: string;
}

export interface OutboundStream extends Omit<OutboundResponse, 'body'> {
  /**
   * The answer as it comes; what is not asked for is not read (TCP holds the other side back). Throws what `request`
   * throws. To be gone through once; leaving it early closes the connection.
   */
  readonly body: AsyncIterable<Buffer>;
  /** For an answer whose body nobody goes through. */
  cancel(): void;
}

export interface OutboundClient {
  /**
   * One request, no redirects. Answers of 4xx and 5xx are answers. Throws `invalid_value` for a bad URL, method, header
   * or body, `outbound_refused`, `outbound_redirect`, `outbound_timeout`, `outbound_too_large`, `outbound_failed`, or
   * the reason of `signal`.
   */
  request(request: OutboundRequest): Promise<OutboundResponse>;
  /**
   * The same for an answer that comes bit by bit: resolves at its headers. Deadline, idle limit, `maxResponseBytes` and
   * `signal` hold until its end; time in which the reader does not ask for more is not idle.
   */
  stream(request: OutboundRequest): Promise<OutboundStream>;
  /** Throws what `request` throws for a URL and headers alone, no name being resolved: for saying so when they are entered. */
  check(input: Pick<OutboundRequest, 'url' | 'headers'>): void;
  /** Closes the connections that are kept; those in use fail. */
  close(): void;
}

/** What one request is made of, checked. */
interface Prepared {
  readonly method: OutboundMethod;
  readonly target: Target;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
  readonly maxResponseBytes: number;
  readonly cutsAnswer: boolean;
}

/** Thrown where another address of the same name may be tried: nothing was sent yet. */
class NotConnected extends Error {}

/**
 * The one client for calls to the outside. A name is resolved once per request, every address it has is checked, and the
 * connection is made to a checked address itself, while Host and SNI keep the name: nothing is resolved a second time,
 * so a name that changes its mind in between gains nothing. Kept connections are kept by address too.
 */
export function outbound(options: OutboundOptions = {}): OutboundClient {
  const policy: AddressPolicy = { allow: options.allow ?? [], allowLoopback: options.allowLoopback ?? false };
  const resolver = options.resolver ?? resolveBySystem;
  const clock = options.clock ?? systemClock;
  const agents = makeAgents(options.ca, outboundLimits.sockets_per_origin_max, outboundLimits.sockets_max);
  const { stream_sockets_per_origin_max, stream_sockets_max } = outboundLimits;
  const streamAgents = makeAgents(options.ca, stream_sockets_per_origin_max, stream_sockets_max);

  return {
    async request(input) {
      const prepared = prepare(input, options.ports ?? []);
      return watched(input, clock, async (watch) => {
        const addresses = await checkedAddresses(prepared.target, resolver, policy);
        watch.signal.throwIfAborted();
        return tryAddresses(addresses, async (address, isLast) => {
          const read = (response: IncomingMessage) => readResponse(response, prepared, watch);
          const answer = await send(prepared, {
            address,
            agents,
            watch,
            connectClock: isLast ? undefined : clock,
            read,
          });
          return { ...answer, address };
        });
      });
    },
    async stream(input) {
      const prepared = prepare(input, options.ports ?? []);
      const life = startLife(input, clock);
      try {
        return await untilAborted(life.signal, openStream(prepared, life));
      } catch (error) {
        life.end();
        throw life.signal.aborted ? life.signal.reason : error;
      }
    },
    check({ url, headers }) {
      const target = readTarget(url, options.ports ?? []);
      readHeaders(headers ?? {});
      if (target.address !== undefined) checkAddress(target, target.address, policy);
    },
    close() {
      for (const pair of [agents, streamAgents]) {
        pair.http.destroy();
        pair.https.destroy();
      }
    },
  };

  async function openStream(prepared: Prepared, life: Life): Promise<OutboundStream> {
    const addresses = await checkedAddresses(prepared.target, resolver, policy);
    life.signal.throwIfAborted();
    return tryAddresses(addresses, async (address, isLast) => {
      const response = await send(prepared, {
        address,
        agents: streamAgents,
        watch: life,
        connectClock: isLast ? undefined : clock,
        read: async (answer) => {
          refuseRedirect(answer, prepared);
          return answer;
        },
      });
      return streamOf(response, address, prepared, life);
    });
  }
}

function makeAgents(ca: string | undefined, maxSockets: number, maxTotalSockets: number) {
  const shared = {
    keepAlive: true,
    maxSockets,
    maxTotalSockets,
    maxFreeSockets: Math.min(maxSockets, outboundLimits.sockets_idle_max),
    timeout: outboundLimits.kept_alive_ms,
  };
  return {
    http: new HttpAgent(shared),
    https: new HttpsAgent({ ...shared, minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca ? { ca } : {}) }),
  };
}

/** Idle connections count among all that an agent may have: without a bound, those to a few origins would hold up the others. */
function mayKeep({ freeSockets }: http.Agent): boolean {
  let idle = 0;
  for (const sockets of Object.values(freeSockets)) idle += sockets?.length ?? 0;
  return idle < outboundLimits.sockets_idle_max;
}

class HttpAgent extends http.Agent {
  override keepSocketAlive(socket: Duplex): boolean {
    // what it returns decides; its type does not say so
    return mayKeep(this) && Boolean(super.keepSocketAlive(socket));
  }
}

class HttpsAgent extends https.Agent {
  override keepSocketAlive(socket: Duplex): boolean {
    // what it returns decides; its type does not say so
    return mayKeep(this) && Boolean(super.keepSocketAlive(socket));
  }
}

function prepare(input: OutboundRequest, ports: readonly number[]): Prepared {
  const method = outboundMethods.find((one) => one === (input.method ?? 'GET'));
  if (!method)
    throw errors.invalid_value({ field: 'method', detail: `the method is one of ${outboundMethods.join(', ')}` });
  const target = readTarget(input.url, ports);
  const headers = readHeaders(input.headers ?? {});
  const body = input.body === undefined ? undefined : Buffer.from(input.body);
  if (body && (method === 'GET' || method === 'HEAD')) {
    throw errors.invalid_value({ field: 'body', detail: `a ${method} request has no body` });
  }
  if (body && body.length > outboundLimits.request_bytes_max) {
    throw errors.invalid_value({
      field: 'body',
      detail: `the body has more than ${outboundLimits.request_bytes_max} bytes`,
    });
  }
  headers['host'] = target.host;
  headers['accept-encoding'] = 'identity';
  headers['user-agent'] ??= 'Plinth';
  if (body || ['POST', 'PUT', 'PATCH'].includes(method)) headers['content-length'] = String(body?.length ?? 0);
  const maxResponseBytes = Math.min(
    input.maxResponseBytes ?? outboundLimits.response_bytes_default,
    outboundLimits.response_bytes_max,
  );
  return { method, target, headers, body, maxResponseBytes, cutsAnswer: input.cutsAnswer ?? false };
}

async function resolveBySystem(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

/** The addresses to connect to, all of them checked: one bad among them refuses the name. */
async function checkedAddresses(target: Target, resolver: Resolver, policy: AddressPolicy) {
  const addresses = target.address === undefined ? await resolve(target.hostname, resolver) : [target.address];
  if (addresses.length === 0) throw outboundErrors.outbound_failed({ detail: `${target.hostname} has no address` });
  if (addresses.length > outboundLimits.addresses_checked_max) {
    throw outboundErrors.outbound_failed({ detail: `${target.hostname} has too many addresses` });
  }
  return addresses.map((address) => {
    checkAddress(target, address, policy);
    // What was judged is what is connected to, not the text it was read from.
    return String(parseAddress(address));
  });
}

function checkAddress(target: Target, address: string, policy: AddressPolicy): void {
  const reason = addressRefusal(address, policy);
  if (reason === undefined) return;
  throw outboundErrors.outbound_refused({
    field: 'url',
    detail: `${target.hostname} is not, or not only, a public address`,
    // Which address a name has inside is for the operator's log: tenants could map the network by asking.
    cause: new Error(`${address} is refused: ${reason}`),
  });
}

async function resolve(hostname: string, resolver: Resolver): Promise<readonly string[]> {
  try {
    return await resolver(hostname);
  } catch (error) {
    throw outboundErrors.outbound_failed({ detail: `${hostname} cannot be resolved (${codeOf(error)})`, cause: error });
  }
}

async function tryAddresses<T>(
  addresses: readonly string[],
  attempt: (address: string, isLast: boolean) => Promise<T>,
): Promise<T> {
  const tried = addresses.slice(0, outboundLimits.addresses_tried_max);
  for (const [index, address] of tried.entries()) {
    const isLast = index === tried.length - 1;
    try {
      return await attempt(address, isLast);
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error;
      if (isLast) throw failed(error.cause);
    }
  }
  throw failed(undefined);
}

type Agents = ReturnType<typeof makeAgents>;

interface Sending<T> {
  readonly address: string;
  readonly agents: Agents;
  readonly watch: Watch;
  /** With a clock, the connection is given up after a while so that the next address is tried. */
  readonly connectClock: Clock | undefined;
  /** What becomes of an answer whose headers are there. */
  read(response: IncomingMessage): Promise<T>;
}

/** Sends the request to one address. */
function send<T>(prepared: Prepared, { address, agents, watch, connectClock, read }: Sending<T>): Promise<T> {
  const { target, method, headers, body } = prepared;
  return new Promise<T>((resolve, reject) => {
    const shared = {
      host: address,
      port: target.port,
      method,
      path: target.path,
      headers,
      setHost: false,
      signal: watch.signal,
    };
    // SNI must not carry an address (RFC 6066); the certificate is then checked against the address all the same.
    const servername = target.address === undefined ? target.hostname.replace(/\.$/, '') : '';
    const request = target.isHttps
      ? https.request({ ...shared, agent: agents.https, servername })
      : http.request({ ...shared, agent: agents.http });
    const settled = new AbortController();
    let isConnected = false;
    let isAnswered = false;
    const connected = () => {
      isConnected = true;
      watch.moved();
    };
    const fail = (error: unknown) => {
      settled.abort(over);
      const mayRetry = !isConnected && !watch.signal.aborted && !(error instanceof PlinthError);
      reject(mayRetry ? new NotConnected('', { cause: error }) : error instanceof PlinthError ? error : failed(error));
      request.destroy();
    };
    request.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', connected);
      else connected();
    });
    const lost = () => fail(Object.assign(new Error(), { code: 'ECONNRESET' }));
    request.on('error', fail);
    // An upgrade nobody asked for ends without an error.
    request.on('close', () => isAnswered || lost());
    request.on('response', (response) => {
      isAnswered = true;
      watch.moved();
      read(response).then((answer) => {
        settled.abort(over);
        resolve(answer);
      }, fail);
    });
    if (connectClock) {
      void connectClock.sleep(outboundLimits.connect_ms, settled.signal).then(() => {
        if (!isConnected && !settled.signal.aborted) fail(Object.assign(new Error(), { code: 'ETIMEDOUT' }));
      });
    }
    request.end(body);
  });
}

function refuseRedirect({ statusCode: status = 0 }: IncomingMessage, { cutsAnswer, target }: Prepared): void {
  if (status < 300 || status >= 400 || status === 304 || cutsAnswer) return;
  throw outboundErrors.outbound_redirect({ detail: `${target.hostname} answered ${status}` });
}

const tooLargeFor = ({ maxResponseBytes }: Prepared) =>
  outboundErrors.outbound_too_large({ detail: `the answer has more than ${maxResponseBytes} bytes` });

/** The answer as it comes, under its watch until it is over. */
function streamOf(response: IncomingMessage, address: string, prepared: Prepared, life: Life): OutboundStream {
  // what stops it before anybody reads is said to who reads
  response.on('error', () => undefined);
  async function* chunks(): AsyncGenerator<Buffer> {
    let bytes = 0;
    let isComplete = false;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > prepared.maxResponseBytes) throw tooLargeFor(prepared);
        life.held(true);
        yield chunk;
        life.held(false);
        life.signal.throwIfAborted();
      }
      if (!response.complete) throw Object.assign(new Error(), { code: 'ECONNRESET' });
      isComplete = true;
    } catch (error) {
      if (life.signal.aborted) throw life.signal.reason;
      throw error instanceof PlinthError ? error : failed(error);
    } finally {
      life.end();
      if (!isComplete) response.destroy();
    }
  }
  const body = chunks();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    address,
    body,
    cancel() {
      life.end();
      response.destroy();
    },
  };
}

async function readResponse(response: IncomingMessage, prepared: Prepared, watch: Watch) {
  const status = response.statusCode ?? 0;
  const { cutsAnswer, maxResponseBytes } = prepared;
  refuseRedirect(response, prepared);
  const tooLarge = () => tooLargeFor(prepared);
  const hasBody = prepared.method !== 'HEAD' && status !== 304;
  if (hasBody && !cutsAnswer && Number(response.headers['content-length']) > maxResponseBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    watch.moved();
    bytes += chunk.length;
    if (bytes > maxResponseBytes && !cutsAnswer) throw tooLarge();
    chunks.push(chunk);
    // leaving the loop closes the connection: what is still to come is not waited for
    if (bytes > maxResponseBytes) {
      return { status, headers: response.headers, body: Buffer.concat(chunks).subarray(0, maxResponseBytes) };
    }
  }
  if (!response.complete) throw Object.assign(new Error(), { code: 'ECONNRESET' });
  return { status, headers: response.headers, body: Buffer.concat(chunks, bytes) };
}

const sentences: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before the answer was complete',
  EPIPE: 'the connection was closed before the answer was complete',
  ETIMEDOUT: 'the connection could not be made in time',
  ENETUNREACH: 'there is no way to that network',
  EHOSTUNREACH: 'there is no way to that host',
};

function failed(error: unknown): PlinthError {
  const code = codeOf(error);
  const isCertificate = /CERT|TLS|SSL|SIGNATURE|SELF_SIGNED/.test(code);
  const detail = sentences[code] ?? (isCertificate ? 'its certificate is not accepted' : 'the exchange failed');
  return outboundErrors.outbound_failed({ detail: `${detail} (${code})`, cause: error });
}

/** The error's code where it is one of the system's, Node's or OpenSSL's: a fixed word, never text from outside. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'unknown';
}
