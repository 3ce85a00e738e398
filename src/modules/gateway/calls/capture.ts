import { redact } from '../../../platform/core/secrets.ts';
import type { Capture } from '../connections/index.ts';
import { callLimits } from './limits.ts';

/**
 * What the log keeps of a request or an answer: JSON, all of it or what is left without secrets, cut where it is long.
 * Texts are redacted whole: of a stream what its pieces come to, so that a secret is not hidden by lying in two of them.
 */
export function kept(how: Capture, value: unknown): string | null {
  if (how === 'none' || value === undefined) return null;
  const text = storable(JSON.stringify(how === 'redacted' ? redact(value) : value));
  const { content_chars_max } = callLimits;
  return text.length > content_chars_max ? `${text.slice(0, content_chars_max)}… (cut)`.toWellFormed() : text;
}

/** PostgreSQL stores no NUL; in JSON text it can only be an escape already. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** What the events of a stream come to. */
export interface StreamContent {
  /** Bytes of text that came out. */
  readonly textBytes: number;
  add(data: unknown): void;
  /** As JSON, much like the answer without streaming would have been. */
  value(): unknown;
}

interface Tool {
  id?: unknown;
  name?: unknown;
  arguments: string;
}
interface Part {
  role?: unknown;
  text: string;
  reasoning: string;
  tools: Map<number, Tool>;
  end?: unknown;
}

/** Puts together what a model says, from the events of any of the formats; bounded, for nothing else bounds it. */
export function makeStreamContent(keepsText: boolean): StreamContent {
  const parts = new Map<number, Part>();
  let whole: unknown;
  let textBytes = 0;
  let textChars = 0;

  const partOf = (index: unknown): Part => {
    const at = typeof index === 'number' ? index : 0;
    const part = parts.get(at) ?? { text: '', reasoning: '', tools: new Map() };
    if (parts.size < 1_000) parts.set(at, part);
    return part;
  };
  const text = (value: unknown): string => {
    if (typeof value !== 'string') return '';
    textBytes += Buffer.byteLength(value);
    if (!keepsText || textChars > callLimits.content_chars_max) return '';
    textChars += value.length;
    return value;
  };
  const toolOf = (part: Part, index: unknown): Tool => {
    const at = typeof index === 'number' ? index : 0;
    const tool = part.tools.get(at) ?? { arguments: '' };
    if (part.tools.size < 1_000) part.tools.set(at, tool);
    return tool;
  };

  function addChoice(choice: Fields): void {
    const part = partOf(choice['index']);
    const delta = fieldsOf(choice['delta']);
    part.role ??= delta['role'];
    part.text += text(delta['content']) + text(delta['refusal']);
    part.reasoning += text(delta['reasoning_content'] ?? delta['reasoning']);
    for (const call of listOf(delta['tool_calls'])) {
      const tool = toolOf(part, call['index']);
      const named = fieldsOf(call['function']);
      tool.id ??= call['id'];
      tool.name ??= named['name'];
      tool.arguments += text(named['arguments']);
    }
    part.end = choice['finish_reason'] ?? part.end;
  }

  function addBlock(event: Fields): void {
    const part = partOf(event['index']);
    const block = fieldsOf(event['content_block']);
    const delta = fieldsOf(event['delta']);
    if (block['type'] === 'tool_use') {
      const tool = toolOf(part, 0);
      tool.id = block['id'];
      tool.name = block['name'];
    }
    part.text += text(block['text']) + text(delta['text']);
    part.reasoning += text(delta['thinking']);
    if (delta['partial_json'] !== undefined) toolOf(part, 0).arguments += text(delta['partial_json']);
  }

  return {
    get textBytes() {
      return textBytes;
    },
    add(data) {
      const event = fieldsOf(data);
      for (const choice of listOf(event['choices'])) addChoice(choice);
      const type = String(event['type'] ?? '');
      if (type.startsWith('content_block')) addBlock(event);
      else if (/^response\.(completed|incomplete|failed)$/.test(type)) {
        if (keepsText) whole = event['response'];
      } else if (type.startsWith('response.') && type.endsWith('.delta')) partOf(0).text += text(event['delta']);
    },
    value() {
      if (whole !== undefined) return whole;
      return {
        streamed: [...parts].map(([index, part]) => ({
          index,
          ...(part.role === undefined ? {} : { role: part.role }),
          ...(part.text === '' ? {} : { content: part.text }),
          ...(part.reasoning === '' ? {} : { reasoning: part.reasoning }),
          ...(part.tools.size === 0 ? {} : { tool_calls: [...part.tools.values()] }),
          ...(part.end === undefined ? {} : { finish_reason: part.end }),
        })),
      };
    },
  };
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
