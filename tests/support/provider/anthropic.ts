/** What the provider of the tests says in Anthropic's format. */
import { type Behaviour, sentence } from './provider.ts';

type Body = Readonly<Record<string, unknown>>;

const toolInput = { city: 'Zürich', unit: 'c' };

function inputUsage({ usage }: Behaviour) {
  const isCached = usage === 'cached';
  return {
    input_tokens: 11,
    cache_creation_input_tokens: isCached ? 20 : 0,
    cache_read_input_tokens: isCached ? 30 : 0,
    service_tier: 'standard',
  };
}

export function anthropicAnswer(body: Body, behaviour: Behaviour): unknown {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: body['model'],
    content: behaviour.tools
      ? [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: toolInput }]
      : [{ type: 'text', text: sentence(behaviour.words).join('') }],
    stop_reason: behaviour.tools ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    ...(behaviour.usage === 'none' ? {} : { usage: { ...inputUsage(behaviour), output_tokens: behaviour.words + 3 } }),
  };
}

export function anthropicEvents(body: Body, behaviour: Behaviour): string[] {
  const counts = behaviour.usage !== 'none';
  const start = {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: body['model'],
      content: [],
      stop_reason: null,
      stop_sequence: null,
      ...(counts ? { usage: { ...inputUsage(behaviour), output_tokens: 1 } } : {}),
    },
  };
  const delta = (value: object) => ({ type: 'content_block_delta', index: 0, delta: value });
  const block = behaviour.tools
    ? { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }
    : { type: 'text', text: '' };
  const deltas = behaviour.tools
    ? JSON.stringify(toolInput)
        .match(/.{1,6}/gu)!
        .map((partial_json) => delta({ type: 'input_json_delta', partial_json }))
    : sentence(behaviour.words).map((text) => delta({ type: 'text_delta', text }));
  const events = [
    start,
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'ping' },
    ...deltas,
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: behaviour.tools ? 'tool_use' : 'end_turn', stop_sequence: null },
      ...(counts ? { usage: { output_tokens: behaviour.words + 3 } } : { usage: {} }),
    },
    { type: 'message_stop' },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}
