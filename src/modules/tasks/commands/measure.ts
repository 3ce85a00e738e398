import { readdirSync, readFileSync } from 'node:fs';

/** What the processes of a command have taken so far. */
export interface Usage {
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly ioBytes: number;
}

interface ProcessUsage {
  readonly cpuMs: number;
  readonly reapedCpuMs: number;
  readonly memoryBytes: number;
  readonly ioBytes: number;
}

/** USER_HZ: 100 on every architecture Node.js runs on; what the kernel counts CPU time in for user space. */
const tick_ms = 10;
const page_bytes = 4096;

/**
 * Measures a process group from /proc (proc(5)): the processes that are there at each sample. A process that begins and
 * ends between two samples is counted by what its parent has reaped. Undefined where there is no /proc.
 */
export class GroupMeter {
  readonly #leader: number;
  readonly #last = new Map<number, ProcessUsage>();
  #peakBytes = 0;

  constructor(leader: number) {
    this.#leader = leader;
  }

  /** Takes a sample; returns the memory held now, in bytes. */
  sample(): number {
    let held = 0;
    for (const pid of groupMembers(this.#leader)) {
      const usage = processUsage(pid);
      if (!usage) continue;
      held += usage.memoryBytes;
      this.#last.set(pid, usage);
    }
    this.#peakBytes = Math.max(this.#peakBytes, held);
    return held;
  }

  total(): Usage | undefined {
    if (this.#last.size === 0) return undefined;
    const all = [...this.#last.values()];
    const sum = (part: (usage: ProcessUsage) => number) => all.reduce((total, usage) => total + part(usage), 0);
    const own = sum(({ cpuMs }) => cpuMs);
    // children that were seen are in their parent's reaped time too
    const leader = this.#last.get(this.#leader);
    const cpuMs = Math.max(own, (leader?.cpuMs ?? 0) + (leader?.reapedCpuMs ?? 0));
    return { cpuMs, memoryBytes: this.#peakBytes, ioBytes: sum(({ ioBytes }) => ioBytes) };
  }
}

function groupMembers(leader: number): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.filter((name) => /^\d+$/.test(name) && statFields(name)?.[2] === String(leader)).map(Number);
}

/** Fields of /proc/PID/stat from the third on (state, ppid, pgrp, …); the name before them may hold anything. */
function statFields(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function processUsage(pid: number): ProcessUsage | undefined {
  const fields = statFields(String(pid));
  if (!fields) return undefined;
  const ticks = (index: number) => Number(fields[index]) * tick_ms;
  return {
    cpuMs: ticks(11) + ticks(12),
    reapedCpuMs: ticks(13) + ticks(14),
    memoryBytes: Number(fields[21]) * page_bytes,
    ioBytes: ioBytes(pid),
  };
}

function ioBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/io`, 'latin1');
    return [...text.matchAll(/^(?:read|write)_bytes: (\d+)$/gm)].reduce((total, match) => total + Number(match[1]), 0);
  } catch {
    return 0;
  }
}
