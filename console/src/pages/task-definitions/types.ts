export interface TaskDefinition {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly task_type: string;
  readonly is_external: boolean;
  readonly parameter_schema: Readonly<Record<string, unknown>>;
  readonly default_configuration: Readonly<Record<string, unknown>>;
  readonly cpu_cores: number | null;
  readonly memory_mb: number | null;
  readonly disk_mb: number | null;
  readonly timeout_seconds: number;
  readonly max_retries: number;
  readonly retry_delay_seconds: number;
  readonly retry_backoff_multiplier: number;
  readonly retry_delay_max_seconds: number;
  readonly retry_jitter: number;
  readonly non_retryable_codes: readonly string[];
  readonly concurrency_key: string | null;
  readonly concurrency_limit: number | null;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: string;
}
