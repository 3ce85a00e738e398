/** What the provider of the tests says in OpenAI's formats. */
import { type Behaviour, sentence } from './provider.ts';

type Body = Readonly<Record<string, unknown>>;

const toolArguments = '{"city":"Zürich","unit":"c"}';

function usageOf({ usage, words }: Behaviour) {
  const cached = usage === 'cached' ? 8 : 0;
  return {
    prompt_tokens: 11,
    completion_tokens: words + 3,
    total_tokens: 14 + words,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 3, audio_tokens: 0 },
  };
}

export function chatAnswer(body: Body, behaviour: Behaviour): unknown {
  const message = behaviour.tools
    ? {
        role: 'assistant',
        content: null,
        refusal: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: toolArguments } }],
      }
    : { role: 'assistant', content: sentence(behaviour.words).join(''), refusal: null };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: `${String(body['model'])}-2026-01-01`,
    choices: [{ index: 0, message, logprobs: null, finish_reason: behaviour.tools ? 'tool_calls' : 'stop' }],
    ...(behaviour.usage === 'none' ? {} : { usage: usageOf(behaviour) }),
    system_fingerprint: 'fp_1',
  };
}

export function chatEvents(body: Body, behaviour: Behaviour): string[] {
  const asks = (body['stream_options'] as { include_usage?: unknown } | undefined)?.include_usage === true;
  const counts = asks && behaviour.usage !== 'none';
  const chunk = (choices: unknown[], usage: unknown = null) =>
    `data: ${JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_790_000_000,
      model: `${String(body['model'])}-2026-01-01`,
      system_fingerprint: 'fp_1',
      choices,
      ...(asks ? { usage } : {}),
    })}\n\n`;
  const delta = (value: object, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta: value, logprobs: null, finish_reason }]);
  const call = (value: object) => delta({ tool_calls: [{ index: 0, ...value }] });
  const said = behaviour.tools
    ? [
        call({ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }),
        ...toolArguments.match(/.{1,6}/gu)!.map((piece) => call({ function: { arguments: piece } })),
      ]
    : sentence(behaviour.words).map((content) => delta({ content }));
  return [
    delta({ role: 'assistant', content: behaviour.tools ? null : '', refusal: null }),
    ...said,
    delta({}, behaviour.tools ? 'tool_calls' : 'stop'),
    ...(counts ? [chunk([], usageOf(behaviour))] : []),
    'data: [DONE]\n\n',
  ];
}

export function embeddingsAnswer(body: Body, behaviour: Behaviour): unknown {
  const inputs = Array.isArray(body['input']) ? body['input'] : [body['input']];
  const vector = [0.5, -0.25, 0.125];
  const embedding =
    body['encoding_format'] === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
  return {
    object: 'list',
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })),
    model: body['model'],
    ...(behaviour.usage === 'none' ? {} : { usage: { prompt_tokens: 6, total_tokens: 6 } }),
  };
}

function response(body: Body, behaviour: Behaviour, status: string): Record<string, unknown> {
  const isDone = status === 'completed';
  const item = behaviour.tools
    ? { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: toolArguments, status }
    : {
        type: 'message',
        id: 'msg_1',
        status,
        role: 'assistant',
        content: [{ type: 'output_text', text: sentence(behaviour.words).join(''), annotations: [], logprobs: [] }],
      };
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1_790_000_000,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    model: `${String(body['model'])}-2026-01-01`,
    output: isDone ? [item] : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    store: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    metadata: {},
    usage:
      isDone && behaviour.usage !== 'none'
        ? {
            input_tokens: 11,
            input_tokens_details: { cached_tokens: behaviour.usage === 'cached' ? 8 : 0 },
            output_tokens: behaviour.words + 3,
            output_tokens_details: { reasoning_tokens: 3 },
            total_tokens: behaviour.words + 14,
          }
        : null,
  };
}

export function responsesAnswer(body: Body, behaviour: Behaviour): unknown {
  return response(body, behaviour, 'completed');
}

export function responsesEvents(body: Body, behaviour: Behaviour): string[] {
  const events: object[] = [
    { type: 'response.created', response: response(body, behaviour, 'in_progress') },
    { type: 'response.in_progress', response: response(body, behaviour, 'in_progress') },
  ];
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
  const text = sentence(behaviour.words).join('');
  if (behaviour.tools) {
    const item = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', status: 'in_progress' };
    events.push(
      { type: 'response.output_item.added', output_index: 0, item: { ...item, arguments: '' } },
      { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 0, delta: toolArguments },
      { type: 'response.function_call_arguments.done', item_id: 'fc_1', output_index: 0, arguments: toolArguments },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { ...item, status: 'completed', arguments: toolArguments },
      },
    );
  } else {
    const item = { type: 'message', id: 'msg_1', role: 'assistant' };
    events.push(
      { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
      { type: 'response.content_part.added', ...place, part },
      ...sentence(behaviour.words).map((delta) => ({
        type: 'response.output_text.delta',
        ...place,
        delta,
        logprobs: [],
      })),
      { type: 'response.output_text.done', ...place, text, logprobs: [] },
      { type: 'response.content_part.done', ...place, part: { ...part, text } },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { ...item, status: 'completed', content: [{ ...part, text }] },
      },
    );
  }
  events.push({ type: 'response.completed', response: response(body, behaviour, 'completed') });
  return events.map((event, sequence_number) => {
    const { type } = event as { type: string };
    return `event: ${type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`;
  });
}
