import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** The text of a file; null when there is none. */
export type ReadText = (path: string) => string | null;

/** Where each version of control groups is mounted, and its file of the limit. */
const versions = [
  { controller: '', root: '/sys/fs/cgroup', file: 'memory.max' },
  { controller: 'memory', root: '/sys/fs/cgroup/memory', file: 'memory.limit_in_bytes' },
] as const;

/**
 * The memory this process and its children may use: the machine's, or what the control
 * group or one above it allows. (Node's constrainedMemory() does not look above.)
 */
export function memoryLimit(read: ReadText = readText, total = totalmem()): number {
  let limit = total;
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    // `4:memory:/a/b`; version 2 has no controllers: `0::/a/b`.
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const { controller, root, file } of versions) {
      if (!controllers.split(',').includes(controller)) continue;
      // A container sees its own group as the root, and may be told the host's path.
      for (let group = path; ; group = dirname(group)) {
        const bytes = Number.parseInt(read(join(root, group, file)) ?? '', 10);
        if (bytes > 0) limit = Math.min(limit, bytes);
        if (group === '/') break;
      }
    }
  }
  return limit;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
