/** What the server says when it refuses: RFC 9457 problem details with a stable code and a hint. */
export interface ProblemBody {
  readonly title?: string;
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly field?: string;
  readonly errors?: readonly { path: string; message: string }[];
  readonly request_id?: string;
}

/** A refusal of the server, or that it could not be reached (status 0). */
export class Problem extends Error {
  readonly status: number;
  /** Stable: "not_found", "forbidden", …; "unreachable" when there was no answer. */
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly field: string | undefined;
  readonly errors: readonly { path: string; message: string }[];
  readonly requestId: string | undefined;
  /** Seconds the server asks to wait. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, body: ProblemBody, retryAfterSeconds?: number) {
    const title = body.title ?? `The server answered ${status}`;
    super(body.detail ? `${title}: ${body.detail}` : title);
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? 'unknown';
    this.title = title;
    this.detail = body.detail;
    this.hint = body.hint;
    this.field = body.field?.replace(/^body[/.]/, '');
    this.errors = body.errors ?? [];
    this.requestId = body.request_id;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function unreachable(): Problem {
  return new Problem(0, {
    code: 'unreachable',
    title: 'The server can not be reached',
    hint: 'Is it running? What you see may be old.',
  });
}

/** Whatever was thrown, as something that can be shown. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new Problem(0, { code: 'console_error', title: 'Something went wrong in this page', detail });
}

/** The messages of a refused form, by field; what belongs to no field of it is under ''. */
export function fieldErrors(problem: Problem, fields: readonly string[]): Record<string, string> {
  const messages: Record<string, string> = {};
  for (const { path, message } of problem.errors) {
    const name = path.replace(/^body[/.]/, '');
    if (fields.includes(name)) messages[name] ??= message;
  }
  if (problem.field !== undefined && fields.includes(problem.field)) {
    messages[problem.field] ??= problem.detail ?? problem.title;
  }
  return messages;
}
