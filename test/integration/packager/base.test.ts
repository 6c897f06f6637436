import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildBase } from '../../../packager/base/build.ts';
import { run, scratchDirectory, start } from './phpack.ts';

let base: string;

beforeAll(async () => {
  using scratch = scratchDirectory();
  const entry = join(scratch.path, 'entry.ts');
  // Says what the runtime would see of its start; `wait` stays until it is told to end.
  writeFileSync(
    entry,
    `import { isSea } from 'node:sea';
     const { argv, execPath, execArgv } = process;
     if (argv[2] === 'wait') setTimeout(() => {}, 60_000);
     process.on('SIGTERM', () => process.exit(7));
     console.log(JSON.stringify({ isSea: isSea(), argv, execPath, execArgv }));`,
  );
  base = await buildBase(undefined, entry);
});

async function startBase(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = await run(base, args, { env });
  return {
    status,
    stderr,
    seen: JSON.parse(stdout) as { isSea: boolean; argv: string[] },
  };
}

test('it starts our code, in an empty environment', async () => {
  const { status, stderr, seen } = await startBase(['serve', 'x']);
  expect([status, stderr]).toEqual([0, '']);
  expect(seen).toMatchObject({ isSea: true, argv: [base, base, 'serve', 'x'] });
});

test.each([
  ['--version'],
  ['-e', 'process.exit(9)'],
  ['--inspect'],
  ['--require', '/x.js'],
])("Node's own flag %s is an argument like any other", async (...args) => {
  const { status, seen } = await startBase(args);
  expect(status).toBe(0);
  expect(seen.argv.slice(2)).toEqual(args);
});

test.each(['--require /nonexistent.js', '--inspect=0', '--version'])(
  'NODE_OPTIONS=%s changes nothing',
  async (options) => {
    const { status, stderr, seen } = await startBase(['a'], { NODE_OPTIONS: options });
    expect([status, stderr, seen.isSea]).toEqual([0, '', true]);
  },
);

test("SIGUSR1 opens no debugger's port", async () => {
  const { child, finished } = start(base, ['wait'], { env: {} });
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  child.kill('SIGUSR1');
  child.kill('SIGTERM');
  const { status, stderr } = await finished;
  expect([status, stderr]).toEqual([7, '']);
});

test('it needs no newer glibc than 2.28, and no library but those of glibc and GCC', async () => {
  const { stdout } = await run('objdump', ['-p', base]);
  const versions = [...stdout.matchAll(/GLIBC_2\.(\d+)/g)].map((match) =>
    Number(match[1]),
  );
  expect(Math.max(...versions)).toBe(28);
  const needed = [...stdout.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1]);
  expect(new Set(needed)).toEqual(
    new Set([
      'ld-linux-x86-64.so.2',
      'libc.so.6',
      'libdl.so.2',
      'libgcc_s.so.1',
      'libm.so.6',
      'libpthread.so.0',
      'libstdc++.so.6',
    ]),
  );
});

test('it carries no path of the machine that built it', async () => {
  const { stdout } = await run('grep', ['-c', '-a', join(base, '..', '..'), base]);
  expect(stdout.trim()).toBe('0');
});

test('a second build finds the first', async () => {
  const { mtimeMs } = statSync(base);
  expect(existsSync(base)).toBe(true);
  const printed = await run(process.execPath, [
    join(import.meta.dirname, '../../../packager/base/build.ts'),
  ]);
  expect(printed.status).toBe(0);
  expect(existsSync(printed.stdout.trim().split('\n').at(-1)!)).toBe(true);
  expect(statSync(base).mtimeMs).toBe(mtimeMs);
});
