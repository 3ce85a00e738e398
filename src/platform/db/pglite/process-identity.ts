import { readFileSync, readlinkSync } from 'node:fs';

/** Names one process exactly: its number alone is used again after a while, and after a reboot at once. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since the boot; absent where /proc is not. */
  readonly startTime?: string;
  readonly bootId?: string;
  /** The numbers' namespace: another container's numbers mean nothing here. */
  readonly pidNamespace?: string;
}

export function thisProcess(): ProcessIdentity {
  const startTime = startTimeOf(process.pid);
  const bootId = readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const pidNamespace = readOr(() => readlinkSync('/proc/self/ns/pid'));
  return {
    pid: process.pid,
    ...(startTime !== undefined && { startTime }),
    ...(bootId !== undefined && { bootId }),
    ...(pidNamespace !== undefined && { pidNamespace }),
  };
}

/**
 * Whether that process runs. `unknown` when it can not be told from here: another container or another machine, whose
 * process numbers are not ours.
 */
export function stateOf(other: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  const here = thisProcess();
  if (other.bootId !== here.bootId || other.pidNamespace !== here.pidNamespace) return 'unknown';
  if (!signalReaches(other.pid)) return 'dead';
  const startTime = startTimeOf(other.pid);
  if (other.startTime !== undefined && startTime !== undefined && startTime !== other.startTime) return 'dead';
  return 'alive';
}

function signalReaches(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)); a zombie counts as ended. */
function startTimeOf(pid: number): string | undefined {
  const line = readOr(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (line === undefined) return undefined;
  // The name in parentheses may itself hold spaces and parentheses.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
  return fields[19];
}

function readOr(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
