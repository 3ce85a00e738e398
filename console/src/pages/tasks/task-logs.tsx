import { Box, Button, Group, NativeSelect, Progress, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { asProblem, type Problem } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { PlainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { ErrorState } from '../../parts/states.tsx';
import { ExactTime } from '../../parts/time.tsx';
import styles from './task-logs.module.css';

interface LogLine {
  readonly id: string;
  readonly occurred_at: string;
  readonly attempt: number;
  readonly level: string;
  readonly message: string;
  readonly data: unknown;
}

interface LogPage {
  readonly data: readonly LogLine[];
  readonly next_cursor: string | null;
  readonly progress: { readonly fraction: number; readonly message: string } | null;
  readonly ended: boolean;
}

interface Tail {
  readonly lines: readonly LogLine[];
  readonly left: number;
  readonly progress: LogPage['progress'];
  readonly problem?: Problem;
}

const levels = ['debug', 'info', 'warn', 'error'];
const page_rows = 200;
/** Older lines are let go of: a page of a million lines is none. */
const lines_kept_max = 2_000;
const wait_seconds = 20;
const pause_ms = 2_000;
const gather_ms = 500;

/** What the attempts of a task say, followed while it runs. */
export function TaskLogs({ id, status }: { id: string; status: string }) {
  const [level, setLevel] = useState('debug');
  const [tries, setTries] = useState(0);
  return (
    <Section
      title="Log"
      actions={
        <NativeSelect
          aria-label="Least level"
          size="xs"
          data={levels.map((value) => ({ value, label: value === 'debug' ? 'every level' : `${value} and above` }))}
          value={level}
          onChange={(event) => setLevel(event.currentTarget.value)}
        />
      }
    >
      <Lines key={tries} {...{ id, status, level }} onRetry={() => setTries(tries + 1)} />
    </Section>
  );
}

interface LinesProps {
  readonly id: string;
  readonly status: string;
  readonly level: string;
  readonly onRetry: () => void;
}

function Lines({ id, status, level, onRetry }: LinesProps) {
  const { lines, left, progress, problem } = useTail(id, level, status);
  const percent = progress ? Math.round(progress.fraction * 100) : 0;
  return (
    <Stack gap="xs">
      {progress ? (
        <Group gap="sm">
          <Progress.Root size="lg" flex={1}>
            <Progress.Section value={percent} aria-label="Progress" color="brand" />
          </Progress.Root>
          <Text size="sm">
            {percent} % <PlainText text={progress.message} chars={200} />
          </Text>
        </Group>
      ) : null}
      {problem ? <ErrorState error={problem} onRetry={onRetry} /> : null}
      {left > 0 ? (
        <Text size="xs" c="dimmed">
          {left.toLocaleString('en')} older lines are not shown.
        </Text>
      ) : null}
      {lines.length > 0 ? (
        <Box className={`surface ${styles['lines']}`} tabIndex={0} role="region" aria-label="Lines of the log">
          <ol>
            {lines.map((line) => (
              <Line key={line.id} line={line} />
            ))}
          </ol>
        </Box>
      ) : problem ? null : (
        <Text size="sm" c="dimmed">
          Nothing was logged yet.
        </Text>
      )}
    </Stack>
  );
}

function Line({ line: { occurred_at, attempt, level, message, data } }: { line: LogLine }) {
  const [isOpen, setOpen] = useState(false);
  const hasData = data !== null && data !== undefined;
  return (
    <li data-level={level}>
      <span className={styles['about']}>
        <ExactTime at={occurred_at} /> · attempt {attempt} · {level}
      </span>{' '}
      <PlainText text={message} chars={4_000} />{' '}
      {hasData ? (
        <Button size="compact-xs" variant="subtle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          data
        </Button>
      ) : null}
      {isOpen ? (
        <div>
          <PlainText text={JSON.stringify(data)} chars={8_000} />
        </div>
      ) : null}
    </li>
  );
}

const nothing: Tail = { lines: [], left: 0, progress: null };

/** Reads on by cursor, and waits at the server for the next lines while the task runs. */
function useTail(id: string, level: string, status: string): Tail {
  const [tail, setTail] = useState(nothing);
  useEffect(() => {
    const gone = new AbortController();
    void follow({ id, level, isLive: status === 'running', signal: gone.signal }, setTail);
    return () => gone.abort();
  }, [id, level, status]);
  return tail;
}

interface Followed {
  readonly id: string;
  readonly level: string;
  readonly isLive: boolean;
  readonly signal: AbortSignal;
}

async function follow(
  { id, level, isLive, signal }: Followed,
  set: (change: (before: Tail) => Tail) => void,
): Promise<void> {
  let cursor: string | null = null;
  let isFirst = true;
  try {
    for (;;) {
      const asked = performance.now();
      const page: LogPage = await api.get<LogPage>(
        `/v1/tasks/${id}/logs`,
        { level, limit: page_rows, cursor, wait_seconds: cursor !== null && isLive ? wait_seconds : null },
        signal,
      );
      if (signal.aborted) return;
      const begins = isFirst;
      set(({ lines, left }) => {
        const all = begins ? page.data : [...lines, ...page.data];
        const kept = all.slice(-lines_kept_max);
        return { lines: kept, left: (begins ? 0 : left) + all.length - kept.length, progress: page.progress };
      });
      isFirst = false;
      cursor = page.next_cursor ?? cursor;
      if (page.data.length === page_rows) continue;
      if (page.ended || !isLive) return;
      // no line, and that at once: the server lets nobody else wait, or there is no cursor yet; else lines may gather
      const isInVain = page.data.length === 0 && performance.now() - asked < pause_ms;
      await new Promise((resolve) => setTimeout(resolve, isInVain ? pause_ms : gather_ms));
      if (signal.aborted) return;
    }
  } catch (thrown) {
    if (!signal.aborted) set((before) => ({ ...before, problem: asProblem(thrown) }));
  }
}
