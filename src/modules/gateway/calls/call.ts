import { uuidv7 } from '../../../platform/core/ids.ts';
import { asPlinthError } from '../../../platform/http/problem.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { EffectivePolicy, GatewaySettings, SettingsReader } from '../connections/index.ts';
import type { CallSubject, Usage } from '../usage.ts';
import { type Accounting, type Budgets, type Hold, noUsage, type PriceBook } from './accounting.ts';
import { kept, makeStreamContent, type StreamContent } from './capture.ts';
import type { Circuits } from './circuit.ts';
import { callErrors } from './errors.ts';
import { type Estimate, estimateOf, tokensOfText } from './estimate.ts';
import type { CallLog, StartedCall } from './log.ts';
import { askProvider, type ProviderAnswer } from './provider-call.ts';
import { type Outcome, type Settler, unreachable } from './settle.ts';
import type { SseEvent } from './sse.ts';
import { routeOf, type Target } from './targets.ts';
import {
  makeUsageReader,
  outgoingBody,
  readRequest,
  type UsageReader,
  usageOfAnswer,
  type WireFormat,
  type WireRequest,
} from './wires.ts';

/** What all calls of a process share. */
export interface Gateway {
  readonly platform: Platform;
  readonly accounting: Accounting;
  readonly budgets: Budgets;
  readonly settings: SettingsReader;
  readonly circuits: Circuits;
  readonly log: CallLog;
  readonly settler: Settler;
  readonly random: () => number;
}

export interface IncomingCall {
  readonly format: WireFormat;
  readonly bytes: Buffer;
  readonly parsed: unknown;
  readonly scope: Scope & { readonly organizationId: string };
  readonly subject: CallSubject;
  /** Headers of the client that are the provider's to read. */
  readonly headers: Readonly<Record<string, string>>;
  readonly traceId: string | undefined;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** What the client gets. */
export interface CallAnswer {
  readonly callId: string;
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly body: Buffer | AsyncGenerator<Buffer>;
}

/** A call under way. */
interface Course {
  readonly incoming: IncomingCall;
  readonly request: WireRequest;
  readonly policy: EffectivePolicy;
  readonly estimate: Estimate;
  readonly book: PriceBook;
  readonly targets: readonly Target[];
  readonly started: StartedCall;
  readonly startedMs: number;
  /** Whether it stands in the log yet. */
  isLogged: boolean;
  hold: Hold | undefined;
  attempts: number;
  target: Target;
  firstMs: number | undefined;
}

/**
 * One call, in the order of ADR 17: what it goes by, what it may cost, the provider, what it has cost. Throws errors of
 * ours; what a provider says, its errors too, is an answer.
 */
export async function makeCall(gateway: Gateway, incoming: IncomingCall): Promise<CallAnswer> {
  const course = await prepare(gateway, incoming);
  const running = gateway.log.running(course.started, incoming.scope);
  try {
    await begin(gateway, course);
    running.hold(course.hold);
  } catch (error) {
    running.ended();
    throw error;
  }
  let answer: ProviderAnswer;
  try {
    answer = await ask(gateway, course);
  } catch (error) {
    const hasGone = incoming.signal.aborted;
    const { code, status } = asPlinthError(error);
    end(gateway, course, running.ended, {
      status: hasGone ? 'cancelled' : 'failed',
      errorCode: hasGone ? 'client_gone' : code,
      // who asked a provider and went away may be charged by it: what was sent is charged
      usage: hasGone && course.attempts > 0 ? estimatedUsage(course, 0) : undefined,
      isEstimated: hasGone && course.attempts > 0,
      ...(hasGone ? {} : { statusCode: status }),
    });
    throw error;
  }
  return answer.kind === 'whole'
    ? wholeAnswer(gateway, course, answer, running.ended)
    : streamAnswer(gateway, course, answer, running.ended);
}

async function settingsFor({ settings }: Gateway, organizationId: string): Promise<GatewaySettings> {
  try {
    return await settings.of(organizationId);
  } catch (error) {
    const last = settings.lastOf(organizationId);
    if (!last || !unreachable(error)) throw error;
    return last;
  }
}

async function prepare(gateway: Gateway, incoming: IncomingCall): Promise<Course> {
  const { platform, accounting, budgets } = gateway;
  const { format, scope, subject } = incoming;
  const request = readRequest(format.wire, incoming.bytes, incoming.parsed);
  const settings = await settingsFor(gateway, scope.organizationId);
  const policy = settings.policyOf(subject.projectId);
  const { targets, alias } = routeOf(settings, policy, format.speaks, request.model, gateway.random);
  const [target] = targets as [Target];
  const estimate = estimateOf(format.wire, request.body);
  const unlessUnreachable = async <T>(work: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (policy.when_unreachable !== 'allow' || !unreachable(error)) throw error;
      return otherwise;
    }
  };
  const tokens = estimate.inputWorst + (estimate.output ?? policy.output_tokens_cap * estimate.choices);
  await unlessUnreachable(budgets.take(scope, subject, { requests: 1, tokens }), undefined);
  const book = await unlessUnreachable(accounting.priceBook(platform, scope), { priceOf: () => null });
  const occurredAt = platform.clock.now();
  return {
    incoming,
    request,
    policy,
    estimate,
    book,
    targets,
    started: {
      id: uuidv7(occurredAt),
      occurredAt,
      organizationId: scope.organizationId,
      wire: format.wire,
      isStream: request.isStream,
      requestedModel: request.model,
      alias,
      connectionId: target.connection.id,
      provider: target.connection.provider,
      model: target.model,
      subject,
      inputEstimate: estimate.input,
      content: policy.content_capture,
      requestContent: kept(policy.content_capture, request.body),
      traceId: incoming.traceId,
    },
    startedMs: performance.now(),
    isLogged: false,
    hold: undefined,
    attempts: 0,
    target,
    firstMs: undefined,
  };
}

/** The dearest that the call can become, over all who may answer it; null where a price is not known. */
function worstOf(course: Course): { tokens: number; cost: string | null } {
  const { estimate, policy, book } = course;
  const output = estimate.output ?? policy.output_tokens_cap * estimate.choices;
  const tokens = estimate.inputWorst + output;
  const fresh: Usage = { ...noUsage, input_tokens: estimate.inputWorst, output_tokens: output };
  const written: Usage = { ...noUsage, cache_write_tokens: estimate.inputWorst, output_tokens: output };
  let worst: string | null = '0';
  for (const { connection, model } of course.targets) {
    for (const usage of estimate.writesCache ? [fresh, written] : [fresh]) {
      const price = book.priceOf(connection.provider, model, usage);
      if (price === null) return { tokens, cost: null };
      if (Number(price.total_cost) > Number(worst)) worst = price.total_cost;
    }
  }
  return { tokens, cost: worst };
}

/** Writes the call down and holds its worst case: both at one time, and a provider is asked when both are done. */
async function begin(gateway: Gateway, course: Course): Promise<void> {
  const { budgets, log } = gateway;
  const { scope, subject } = course.incoming;
  const { started } = course;
  const [logged, held] = await Promise.allSettled([
    log.start(started),
    budgets.reserve(scope, { call_id: started.id, subject, worst: worstOf(course) }),
  ]);
  course.isLogged = logged.status === 'fulfilled';
  if (held.status === 'fulfilled') course.hold = held.value;
  const failed = held.status === 'rejected' ? held.reason : logged.status === 'rejected' ? logged.reason : undefined;
  if (failed === undefined) return;
  if (course.policy.when_unreachable === 'allow' && unreachable(failed)) return;
  if (course.hold) await budgets.release(scope, started.id).catch(() => undefined);
  if (course.isLogged) {
    const { code, status } = asPlinthError(failed);
    end(gateway, course, () => undefined, {
      status: 'refused',
      errorCode: code,
      statusCode: status,
      isEstimated: false,
    });
  }
  throw failed;
}

function ask(gateway: Gateway, course: Course): Promise<ProviderAnswer> {
  const { incoming, request, policy, estimate } = course;
  const { format } = incoming;
  // what is held must not be exceeded; where nothing is held the call is not made another
  const outputCap = course.hold && estimate.output === undefined ? policy.output_tokens_cap : undefined;
  return askProvider({
    platform: gateway.platform,
    circuits: gateway.circuits,
    speaks: format.speaks,
    path: format.path,
    isStream: request.isStream,
    targets: course.targets,
    headers: incoming.headers,
    body: ({ connection, model }) =>
      outgoingBody(format.wire, request, { provider: connection.provider, model, outputCap }),
    signal: incoming.signal,
    asked(target) {
      course.attempts++;
      course.target = target;
    },
  });
}

/** What is charged where the provider's count never came. */
function estimatedUsage(course: Course, textBytes: number): Usage {
  return { ...noUsage, input_tokens: course.estimate.input, output_tokens: tokensOfText(textBytes) };
}

function wholeAnswer(
  gateway: Gateway,
  course: Course,
  answer: Extract<ProviderAnswer, { kind: 'whole' }>,
  ended: () => void,
): CallAnswer {
  const { format } = course.incoming;
  course.firstMs = performance.now();
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.body.toString('utf8'));
  } catch (cause) {
    if (answer.status < 400) {
      const error = callErrors.provider_answer_invalid({ detail: 'it is no JSON', cause });
      end(gateway, course, ended, {
        status: 'failed',
        errorCode: error.code,
        statusCode: error.status,
        usage: estimatedUsage(course, 0),
        isEstimated: true,
      });
      throw error;
    }
  }
  const raw = usageOfAnswer(parsed);
  const usage = gateway.accounting.usageOf(format.wire, raw);
  const isError = answer.status >= 400;
  end(gateway, course, ended, {
    status: isError ? 'failed' : 'succeeded',
    statusCode: answer.status,
    ...(isError ? { errorCode: `provider_${answer.status}` } : {}),
    usage: usage ?? (isError ? undefined : estimatedUsage(course, 0)),
    isEstimated: usage === undefined && !isError,
    rawUsage: raw,
    response: parsed,
  });
  return { ...answer, callId: course.started.id };
}

function streamAnswer(
  gateway: Gateway,
  course: Course,
  answer: Extract<ProviderAnswer, { kind: 'stream' }>,
  ended: () => void,
): CallAnswer {
  const { incoming, request, policy } = course;
  const { wire } = incoming.format;
  const passing: Passing = {
    reader: makeUsageReader(wire, wire === 'openai_chat' && !request.wantsUsage),
    content: makeStreamContent(policy.content_capture !== 'none'),
    hasError: false,
    hasBegun: false,
  };
  // a client may go before anything was passed on: then nobody begins with the body, and nobody would end the call
  const leave = () => {
    if (passing.hasBegun) return;
    passing.hasBegun = true;
    endStream(gateway, course, answer, ended, passing, { status: 'cancelled', errorCode: 'client_gone' });
  };
  if (incoming.signal.aborted) leave();
  else incoming.signal.addEventListener('abort', leave, { once: true });
  return {
    callId: course.started.id,
    status: answer.status,
    contentType: answer.contentType,
    retryAfter: undefined,
    body: passOn(gateway, course, answer, ended, passing),
  };
}

interface Passing {
  readonly reader: UsageReader;
  readonly content: StreamContent;
  hasError: boolean;
  hasBegun: boolean;
}

/** The provider's events as they come; whatever ends them, the call is ended with what is known. */
async function* passOn(
  gateway: Gateway,
  course: Course,
  answer: Extract<ProviderAnswer, { kind: 'stream' }>,
  ended: () => void,
  passing: Passing,
): AsyncGenerator<Buffer> {
  const { incoming } = course;
  if (passing.hasBegun) return;
  passing.hasBegun = true;
  let outcome: Pick<Outcome, 'status' | 'errorCode'> = { status: 'cancelled', errorCode: 'client_gone' };
  try {
    for await (const events of answer.events) {
      const bytes = passable(events, passing);
      course.firstMs ??= performance.now();
      if (bytes.length > 0) yield bytes;
    }
    outcome = passing.hasError ? { status: 'failed', errorCode: 'provider_error' } : { status: 'succeeded' };
  } catch (error) {
    if (incoming.signal.aborted) return;
    gateway.circuits.failed(course.target.connection.id);
    const { code } = asPlinthError(error);
    const cut = callErrors.provider_answer_cut({ detail: `reading on failed (${code})`, cause: error });
    outcome = { status: 'failed', errorCode: cut.code };
    throw cut;
  } finally {
    endStream(gateway, course, answer, ended, passing, outcome);
  }
}

function endStream(
  gateway: Gateway,
  course: Course,
  { status }: ProviderAnswer,
  ended: () => void,
  passing: Passing,
  outcome: Pick<Outcome, 'status' | 'errorCode'>,
): void {
  end(gateway, course, ended, {
    ...outcome,
    statusCode: status,
    ...usageOfStream(gateway, course, passing),
    response: passing.content.value(),
  });
}

/** What of some events is the client's, in one piece. */
function passable(events: readonly SseEvent[], passing: Passing): Buffer {
  const parts: Buffer[] = [];
  for (const event of events) {
    const { pass, data, isError } = passing.reader.read(event);
    if (data !== undefined) passing.content.add(data);
    if (isError) passing.hasError = true;
    if (pass) parts.push(pass);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function usageOfStream({ accounting }: Gateway, course: Course, { reader, content }: Passing) {
  const rawUsage = reader.usage();
  const known = accounting.usageOf(course.incoming.format.wire, rawUsage);
  if (known && reader.isWhole()) return { usage: known, isEstimated: false, rawUsage };
  const estimated = estimatedUsage(course, content.textBytes);
  // the input was counted at the beginning, the output is what came
  const usage = known ? { ...known, output_tokens: Math.max(known.output_tokens, estimated.output_tokens) } : estimated;
  return { usage, isEstimated: true, rawUsage };
}

type Ending = Pick<Outcome, 'status' | 'errorCode' | 'statusCode' | 'isEstimated' | 'rawUsage'> & {
  readonly usage?: Usage | undefined;
  readonly response?: unknown;
};

/** Hands the call over to be settled; the client does not wait for that. */
function end(gateway: Gateway, course: Course, ended: () => void, { response, ...ending }: Ending): void {
  const { started, target, startedMs, firstMs, policy } = course;
  const price = ending.usage
    ? course.book.priceOf(target.connection.provider, target.model, ending.usage, { at: started.occurredAt })
    : null;
  gateway.settler.settle(
    {
      call: started,
      scope: course.incoming.scope,
      isLogged: course.isLogged,
      hold: course.hold,
      connectionId: target.connection.id,
      provider: target.connection.provider,
      model: target.model,
      attempts: course.attempts,
      durationMs: Math.round(performance.now() - startedMs),
      firstTokenMs: firstMs === undefined ? undefined : Math.round(firstMs - startedMs),
      responseContent: kept(policy.content_capture, response),
      price,
      ...ending,
    },
    ended,
  );
}
