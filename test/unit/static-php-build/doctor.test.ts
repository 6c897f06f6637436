import { expect, test } from 'vitest';
import { checkMachine, type Machine } from '../../../static-php-build/doctor.ts';
import { requirements } from '../../../static-php-build/requirements.ts';

const good: Machine = {
  path: '/usr/local/bin:/usr/bin',
  exists: () => true,
  platform: 'linux',
  arch: 'x64',
  kernel: '6.1.0-13-amd64',
  cache: () => '/home/me/.cache/phpack',
  isWritable: () => true,
  freeBytes: () => 50e9,
  hasPhp: () => false,
  memoryBytes: 8e9,
  hasDebian: true,
  zig: () => '/node_modules/zig',
};

const faults = (change: Partial<Machine>) =>
  checkMachine({ ...good, ...change }).filter((check) => !check.isOk);

test('a machine with everything passes every check and needs no fix', () => {
  expect(faults({})).toEqual([]);
  expect(
    checkMachine(good)
      .map(({ command, advice }) => command + advice)
      .join(''),
  ).toBe('');
});

test('missing programs come with the exact command that installs them', () => {
  const absent = new Set(['nasm', 'tclsh']);
  const exists = (path: string) => !absent.has(path.split('/').at(-1) ?? '');
  const [fault, ...others] = faults({ exists });
  expect(others).toEqual([]);
  expect(fault?.seen).toBe('missing: nasm, tclsh');
  expect(fault?.command).toBe(
    'apt-get update && apt-get install -y --no-install-recommends nasm tcl',
  );
});

const inSbin = (path: string) => path.startsWith('/usr/sbin/') || path.includes('stdio');

test('a program outside PATH is found where the system keeps its own', () => {
  expect(faults({ path: '/opt/bin', exists: inSbin })).toEqual([]);
});

function noZig(): string {
  throw new Error('not found');
}

const freeBytes = () => 1e9;

function noCache(): string {
  throw new Error('nothing can be stored in /proc/phpack');
}

test('little memory, an old kernel and a missing npm package are told', () => {
  expect(faults({ memoryBytes: 5e8 })[0]).toMatchObject({ name: 'memory' });
  expect(faults({ kernel: '4.9.0' })[0]).toMatchObject({ name: 'system' });
  expect(faults({ kernel: '4.18.0' })).toEqual([]);
  expect(faults({ arch: 'arm64' })[0]).toMatchObject({ name: 'system' });
  const command = expect.stringContaining('npm ci');
  expect(faults({ zig: noZig })[0]).toMatchObject({ name: 'zig', command });
});

test('a cache without room is told before the first build, and not after it', () => {
  const advice = expect.stringContaining('needs 4.0 GB');
  expect(faults({ freeBytes })).toMatchObject([{ name: 'cache', advice, command: '' }]);
  expect(faults({ freeBytes, hasPhp: () => true })).toEqual([]);
});

test('a cache that cannot be written is told, and how to name another', () => {
  const advice = expect.stringContaining('XDG_CACHE_HOME');
  const told = [{ name: 'cache', advice }];
  expect(faults({ isWritable: () => false })).toMatchObject(told);
  expect(faults({ cache: noCache })).toMatchObject(told);
});

test('every requirement names a program and a Debian package', () => {
  for (const { command, package: name } of requirements) {
    expect(command).toMatch(/^(\/[\w./-]+|[\w+-]+)$/);
    expect(name).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
  }
});
