/**
 * The tokens of one call. A partition: no token is in two of them, and their sum is all tokens of the call. Providers
 * count otherwise (OpenAI's `prompt_tokens` include what was cached, Anthropic's `input_tokens` do not), which is how
 * cached tokens come to be counted twice elsewhere.
 */
export interface Usage {
  /** Input that was neither read from a cache nor written to one. */
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_write_tokens: number;
  /** Output without reasoning. */
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  /** Of `cache_write_tokens`, those kept for an hour where the provider says so: they may cost more. */
  readonly cache_write_1h_tokens?: number;
  /** Of all tokens, those of audio: a model that has another price for these has none that we know. */
  readonly audio_tokens?: number;
}

/** What a call counts for: the budgets, limits and reports it is in. */
export interface CallSubject {
  readonly projectId?: string;
  readonly userId?: string;
  readonly agentId?: string;
  readonly apiKeyId?: string;
}
