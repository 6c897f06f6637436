import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A control group with a memory limit, as a container has one. */
export interface MemoryGroup {
  /** For a shell that moves itself in before it becomes the server. */
  processesFile: string;
  /** Most bytes that were in use at once, page cache included. */
  peakBytes(): number;
  /** Processes the kernel has killed for want of memory. */
  kills(): number;
  remove(): void;
}

const names = existsSync('/sys/fs/cgroup/cgroup.controllers')
  ? {
      root: '/sys/fs/cgroup',
      limit: 'memory.max',
      peak: 'memory.peak',
      events: 'memory.events',
    }
  : {
      root: '/sys/fs/cgroup/memory',
      limit: 'memory.limit_in_bytes',
      peak: 'memory.max_usage_in_bytes',
      events: 'memory.oom_control',
    };

/** Null where we may not make one. */
export function createMemoryGroup(bytes: number): MemoryGroup | null {
  const dir = join(names.root, `phpack-bench-${process.pid}`);
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, names.limit), String(bytes));
  } catch {
    return null;
  }
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  return {
    processesFile: join(dir, 'cgroup.procs'),
    peakBytes: () => Number(read(names.peak)),
    kills: () => Number(/^oom_kill (\d+)/m.exec(read(names.events))?.[1] ?? 0),
    remove: () => rmdirSync(dir),
  };
}
