/** CPU time: what a piece of work costs, steadier than how long it takes on a shared machine. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts the times of processes in hundredths of a second. */
const microseconds_per_tick = 10_000;

/**
 * Microseconds of CPU that this process and, where /proc tells, the server's processes have used so far: the postmaster,
 * its children, and those of them that have ended.
 */
export function cpuMicroseconds(postmasterPid?: number): number {
  const { user, system } = process.cpuUsage();
  return user + system + (postmasterPid === undefined ? 0 : serverMicroseconds(postmasterPid));
}

function serverMicroseconds(postmasterPid: number): number {
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const fields = statOf(entry);
    if (fields === undefined) continue;
    const [parent, user, system, endedUser, endedSystem] = [fields[1], fields[11], fields[12], fields[13], fields[14]];
    if (Number(entry) === postmasterPid)
      ticks += Number(user) + Number(system) + Number(endedUser) + Number(endedSystem);
    else if (Number(parent) === postmasterPid) ticks += Number(user) + Number(system);
  }
  return ticks * microseconds_per_tick;
}

/** The fields of /proc/<pid>/stat behind the program's name, which may hold spaces. */
function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // it has ended
    return undefined;
  }
}
