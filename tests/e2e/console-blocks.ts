/** Console blocks of a document that are marked as tests, run as a reader would run them. */
import { spawn } from 'node:child_process';

export interface ConsoleStep {
  readonly command: string;
  /** What the document shows below it, without the prompt; empty where it shows nothing. */
  readonly shown: string;
}

export interface ConsoleBlock {
  /** Line of the fence, from 1. */
  readonly line: number;
  readonly steps: readonly ConsoleStep[];
}

/** A block follows `<!-- test -->` and is fenced as `console` or `sh`; "$ " begins a command, "\" continues it. */
export function consoleBlocks(markdown: string): ConsoleBlock[] {
  const lines = markdown.split('\n');
  const blocks: ConsoleBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (lines[at]?.trim() !== '<!-- test -->') continue;
    let fence = at + 1;
    while (lines[fence]?.trim() === '') fence++;
    if (!/^```(?:console|sh)$/.test(lines[fence]?.trim() ?? '')) {
      throw new Error(`line ${at + 1}: "<!-- test -->" stands before no console block`);
    }
    const end = lines.indexOf('```', fence + 1);
    if (end < 0) throw new Error(`line ${fence + 1}: the block does not end`);
    blocks.push({ line: fence + 1, steps: stepsOf(lines.slice(fence + 1, end)) });
    at = end;
  }
  return blocks;
}

function stepsOf(lines: readonly string[]): ConsoleStep[] {
  const steps: { command: string; shown: string[] }[] = [];
  let continues = false;
  for (const line of lines) {
    const last = steps.at(-1);
    if (continues && last) last.command += `\n${line}`;
    else if (line.startsWith('$ ')) steps.push({ command: line.slice(2), shown: [] });
    else if (last) last.shown.push(line);
    else throw new Error(`"${line}" stands before any command`);
    continues = (continues || line.startsWith('$ ')) && line.endsWith('\\');
  }
  return steps.map(({ command, shown }) => ({ command, shown: shown.join('\n').trim() }));
}

/** Every block of commands of a document, and what is said before it: that it is run, why not, or nothing. */
export function commandBlocks(markdown: string): { line: number; run: 'test' | 'not run' | undefined }[] {
  const lines = markdown.split('\n');
  return lines.flatMap((text, at) => {
    if (!/^```(?:console|sh|bash|shell)$/.test(text.trim())) return [];
    const before = lines[at - 1]?.trim() ?? '';
    const run =
      before === '<!-- test -->' ? 'test' : /^<!-- not run: \S.{8,} -->$/.test(before) ? 'not run' : undefined;
    return [{ line: at + 1, run } as const];
  });
}

/** What differs from run to run, replaced by its kind: ids, times, durations, keys and tokens, ports, versions. */
export function masked(text: string): string {
  return text
    .replace(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>')
    .replace(/\bpl[a-z]_[A-Za-z0-9]+(?:_[A-Za-z0-9]+)?(?:…|\.\.\.)?/g, '<key>')
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z?\b/g, '<time>')
    .replace(/\b\d+(?:\.\d+)? ?(?:ms|s|min)\b/g, '<duration>')
    .replace(/\b[0-9a-f]{40}\b|\b[0-9a-f]{64}\b/g, '<hash>')
    .split('\n')
    .map((line) => line.trimEnd().replace(/ {2,}/g, '  '))
    .join('\n')
    .trim();
}

/** Whether the output is what is shown; a line of "…" or "..." stands for any number of lines. */
export function isAsShown(shown: string, output: string): boolean {
  const pattern = masked(shown)
    .split('\n')
    .map((line) =>
      /^(?:…|\.\.\.)$/.test(line.trim()) ? '(?:.*\\n?)*?' : `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\n`,
    )
    .join('');
  return new RegExp(`^${pattern}$`).test(`${masked(output)}\n`);
}

/** Runs one command in a shell of its own, with what it writes to both channels. */
export function runStep(
  { command }: ConsoleStep,
  options: { cwd: string; env: Record<string, string>; timeoutMs: number },
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    // with a socket as standard input, which Node's pipes are, bash takes itself for a remote shell and reads ~/.bashrc
    const child = spawn('bash', ['--norc', '-c', command], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    const guard = setTimeout(() => {
      // the whole group: the shell's children too
      process.kill(-(child.pid as number), 'SIGKILL');
      reject(new Error(`"${command}" hangs:\n${output}`));
    }, options.timeoutMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(guard);
      resolve({ code, output });
    });
  });
}
