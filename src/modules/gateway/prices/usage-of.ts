import type { Usage } from '../usage.ts';

/** How an answer says what it used. */
export type Wire = 'openai_chat' | 'openai_responses' | 'openai_embeddings' | 'anthropic_messages' | 'google';

export const wires: readonly Wire[] = [
  'openai_chat',
  'openai_responses',
  'openai_embeddings',
  'anthropic_messages',
  'google',
];

/** More tokens than this in one call are nobody's: such a count is taken for broken. */
const tokens_max = 1_000_000_000_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The tokens of an answer, or of its `usage` alone, as a partition. Undefined: it holds no usage that can be read, or its
 * main counts are none (negative, fractional, text). A part that is none counts as 0, and one that is larger than what it
 * is part of as all of that: what is not known to be cheaper costs the full price, and no count is ever negative.
 */
export function usageOf(wire: Wire, raw: unknown): Usage | undefined {
  const answer = fieldsOf(raw);
  if (!answer) return undefined;
  const usage =
    wire === 'google'
      ? fieldsOf(answer['usageMetadata'] ?? answer['usage_metadata'] ?? answer)
      : fieldsOf(
          // also of the last event of a stream, where the answer is one level below
          answer['usage'] ??
            fieldsOf(answer['response'])?.['usage'] ??
            fieldsOf(answer['message'])?.['usage'] ??
            answer,
        );
  return usage && readers[wire](usage);
}

const readers: Readonly<Record<Wire, (usage: Fields) => Usage | undefined>> = {
  /** https://platform.openai.com/docs/api-reference/chat/object: parts are in the counts they are part of. */
  openai_chat(usage) {
    const details = fieldsOf(usage['prompt_tokens_details']);
    const done = fieldsOf(usage['completion_tokens_details']);
    const prompt = countOf(usage['prompt_tokens']);
    const completion = countOf(usage['completion_tokens'], restOf(usage['total_tokens'], prompt));
    const reasoning = partOf(done?.['reasoning_tokens']);
    if (prompt === undefined || completion === undefined) return undefined;
    // xAI counts reasoning beside completion_tokens; the total tells
    const isBeside = reasoning > 0 && countOf(usage['total_tokens']) === prompt + completion + reasoning;
    return partition({
      inputs: prompt,
      // DeepSeek and Moonshot have words of their own
      cached: partOf(details?.['cached_tokens'] ?? usage['prompt_cache_hit_tokens'] ?? usage['cached_tokens']),
      written: partOf(details?.['cache_write_tokens']),
      outputs: isBeside ? completion + reasoning : completion,
      reasoning,
      audio: partOf(details?.['audio_tokens']) + partOf(done?.['audio_tokens']),
    });
  },
  /** https://platform.openai.com/docs/api-reference/responses/object */
  openai_responses(usage) {
    const details = fieldsOf(usage['input_tokens_details']);
    return partition({
      inputs: countOf(usage['input_tokens']),
      cached: partOf(details?.['cached_tokens']),
      written: partOf(details?.['cache_write_tokens']),
      outputs: countOf(usage['output_tokens']),
      reasoning: partOf(fieldsOf(usage['output_tokens_details'])?.['reasoning_tokens']),
      audio: partOf(details?.['audio_tokens']) + partOf(fieldsOf(usage['output_tokens_details'])?.['audio_tokens']),
    });
  },
  openai_embeddings: (usage) =>
    partition({ inputs: countOf(usage['prompt_tokens'], countOf(usage['total_tokens'])), outputs: 0 }),
  /** https://docs.anthropic.com/en/api/messages: `input_tokens` are those that no cache had to do with. */
  anthropic_messages(usage) {
    const creation = fieldsOf(usage['cache_creation']);
    const hours = partOf(creation?.['ephemeral_1h_input_tokens']);
    const written =
      usage['cache_creation_input_tokens'] === undefined
        ? hours + partOf(creation?.['ephemeral_5m_input_tokens'])
        : partOf(usage['cache_creation_input_tokens']);
    const cached = partOf(usage['cache_read_input_tokens']);
    const fresh = countOf(usage['input_tokens']);
    return partition({
      inputs: fresh === undefined ? undefined : fresh + cached + written,
      cached,
      written,
      hours,
      outputs: countOf(usage['output_tokens']),
      reasoning: partOf(fieldsOf(usage['output_tokens_details'])?.['thinking_tokens']),
    });
  },
  /** https://ai.google.dev/api/generate-content#UsageMetadata: thoughts and prompts of tools stand beside the others. */
  google(usage) {
    const named = (name: string) =>
      usage[name] ?? usage[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
    const prompt = countOf(named('promptTokenCount'));
    const reasoning = partOf(named('thoughtsTokenCount'));
    // an answer that was blocked has no candidates
    const candidates = countOf(named('candidatesTokenCount'), 0);
    return partition({
      inputs: prompt === undefined ? undefined : prompt + partOf(named('toolUsePromptTokenCount')),
      cached: partOf(named('cachedContentTokenCount')),
      outputs: candidates === undefined ? undefined : candidates + reasoning,
      reasoning,
      audio: audioOf(named('promptTokensDetails')) + audioOf(named('candidatesTokensDetails')),
    });
  },
};

/** Counts as most providers give them: parts are in what they are part of. */
interface Counts {
  readonly inputs: number | undefined;
  readonly cached?: number;
  readonly written?: number;
  readonly hours?: number;
  readonly outputs: number | undefined;
  readonly reasoning?: number;
  readonly audio?: number;
}

function partition({ inputs, outputs, ...parts }: Counts): Usage | undefined {
  if (inputs === undefined || outputs === undefined || inputs > tokens_max || outputs > tokens_max) return undefined;
  const cached = Math.min(parts.cached ?? 0, inputs);
  const written = Math.min(parts.written ?? 0, inputs - cached);
  const reasoning = Math.min(parts.reasoning ?? 0, outputs);
  const hours = Math.min(parts.hours ?? 0, written);
  const audio = Math.min(parts.audio ?? 0, inputs + outputs);
  return {
    input_tokens: inputs - cached - written,
    cached_input_tokens: cached,
    cache_write_tokens: written,
    output_tokens: outputs - reasoning,
    reasoning_tokens: reasoning,
    ...(hours > 0 && { cache_write_1h_tokens: hours }),
    ...(audio > 0 && { audio_tokens: audio }),
  };
}

/** A main count: `absent` where there is none, undefined where it is no count. */
function countOf(value: unknown, absent?: number): number | undefined {
  if (value === undefined || value === null) return absent;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= tokens_max
    ? value + 0 // -0 is an integer too
    : undefined;
}

const partOf = (value: unknown): number => countOf(value) ?? 0;

function restOf(total: unknown, part: number | undefined): number | undefined {
  const whole = countOf(total);
  return whole === undefined || part === undefined ? undefined : Math.max(0, whole - part);
}

function audioOf(details: unknown): number {
  if (!Array.isArray(details)) return 0;
  return details
    .map(fieldsOf)
    .filter((one) => one?.['modality'] === 'AUDIO')
    .reduce((sum, one) => sum + partOf(one?.['tokenCount'] ?? one?.['token_count']), 0);
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}
