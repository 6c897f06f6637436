import { expect, test } from 'vitest';
import { suitableMemory } from '../../../../runtime/config/front-limits.ts';
import { memoryLimit } from '../../../../runtime/config/memory.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const limitOf = (files: Record<string, string>): number =>
  memoryLimit((path) => files[path] ?? null, 8 * GIB);

test.each<[string, number, Record<string, string>]>([
  ['no control groups', 8 * GIB, {}],
  [
    'version 2, of the own group',
    512 * MIB,
    {
      '/proc/self/cgroup': '0::/system.slice/erp.service\n',
      '/sys/fs/cgroup/system.slice/erp.service/memory.max': `${512 * MIB}\n`,
      '/sys/fs/cgroup/system.slice/memory.max': 'max\n',
    },
  ],
  [
    'version 2, of a group above',
    256 * MIB,
    {
      '/proc/self/cgroup': '0::/a/b/c\n',
      '/sys/fs/cgroup/a/b/c/memory.max': 'max\n',
      '/sys/fs/cgroup/a/memory.max': `${256 * MIB}\n`,
    },
  ],
  [
    'version 2, of a container that is told the path on the host',
    512 * MIB,
    {
      '/proc/self/cgroup': '0::/docker/0123\n',
      '/sys/fs/cgroup/memory.max': `${512 * MIB}\n`,
    },
  ],
  [
    'version 1, of a group above',
    GIB,
    {
      '/proc/self/cgroup': '5:cpu,cpuacct:/x\n4:memory:/a/b\n0::/z\n',
      '/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': `${GIB}\n`,
      '/sys/fs/cgroup/memory/x/memory.limit_in_bytes': '1\n',
    },
  ],
])('the memory there is: %s', (_, expected, files) => {
  expect(limitOf(files)).toBe(expected);
});

test.each([
  ['a quarter', 4 * GIB, 4, GIB],
  ['no more than 1 GiB', 64 * GIB, 32, GIB],
  ['what PHP leaves', 512 * MIB, 4, 128 * MIB],
  ['less with more workers', 512 * MIB, 5, 64 * MIB],
  ['never nothing', 128 * MIB, 2, 32 * MIB],
])('clients may use %s', (_, memory, workers, expected) => {
  expect(suitableMemory(memory, workers)).toBe(expected);
});
