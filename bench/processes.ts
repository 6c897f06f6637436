import { readdirSync, readFileSync } from 'node:fs';

/** Kernel clock ticks per second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** `pid` and all its living descendants, in any pid namespace. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statFields(Number(name));
    if (!fields) continue;
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(children.get(member) ?? []));
  return tree;
}

/**
 * CPU seconds that the tree of `pid` has used: user and system time of its processes and
 * of those that ended and were waited for.
 */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const member of processTree(pid)) {
    // utime, stime, cutime and cstime of proc_pid_stat(5).
    const fields = statFields(member)?.slice(11, 15) ?? [];
    for (const field of fields) ticks += Number(field);
  }
  return ticks / TICKS;
}

/** Fields of /proc/PID/stat behind the name (which may hold anything): state, ppid, … */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

export interface Memory {
  processes: number;
  /** Megabytes; pages shared between processes count once in all (PSS), or each time (RSS). */
  pss: number;
  rss: number;
}

/** Memory of the tree of `pid`. */
export function memoryOf(pid: number): Memory {
  const memory: Memory = { processes: 0, pss: 0, rss: 0 };
  for (const member of processTree(pid)) {
    let text: string;
    try {
      text = readFileSync(`/proc/${member}/smaps_rollup`, 'utf8');
    } catch {
      continue;
    }
    memory.processes += 1;
    memory.pss += kilobytes(text, 'Pss') / 1024;
    memory.rss += kilobytes(text, 'Rss') / 1024;
  }
  return memory;
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}
