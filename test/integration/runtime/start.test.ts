import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { finish, main, scratchDirectory, testProduct } from './product.ts';

const scratch = scratchDirectory();
afterAll(() => scratch[Symbol.asyncDispose]());
const product = await testProduct(join(scratch.path, 'erp-server'), [
  { name: 'index.php', content: '<?php' },
]);

/** `"$@"` is the product with `help`. */
function inShell(script: string, args: readonly string[] = ['help']) {
  const words = ['--norc', '-c', script, 'bash', product.file, main, ...args];
  return finish(spawn('bash', words, { env: { PATH: '/usr/bin:/bin' }, cwd: '/' }));
}

test('a reader who has seen enough is no error', async () => {
  const { stdout, stderr } = await inShell('"$@" | true; echo ${PIPESTATUS[0]}');
  expect([stdout, stderr]).toEqual(['141\n', '']);
});

test('a full disk behind standard output is', async () => {
  const { status, stderr } = await inShell('"$@" > /dev/full');
  expect([status, stderr]).toEqual([5, expect.stringContaining('PHPACK_E_DISK_FULL')]);
});

test('the status tells a failure nobody reads', async () => {
  const run = await inShell('"$@" 2>&1 | true; echo ${PIPESTATUS[0]}', ['bogus']);
  expect(run.stdout).toBe('2\n');
});

test('a working directory that has been removed does not matter', async () => {
  const gone = join(scratch.path, 'gone');
  mkdirSync(gone);
  const script = `cd '${gone}' && rmdir '${gone}' && exec "$@"`;
  const { status, stdout } = await inShell(script);
  expect([status, stdout]).toEqual([0, expect.stringContaining('php-cli')]);
});

test('a file that was cut off is called by its own name', async () => {
  const short = join(scratch.path, 'short');
  copyFileSync(product.file, short);
  truncateSync(short, statSync(short).size - 10);
  const link = join(scratch.path, 'link');
  symlinkSync(short, link);
  const run = await finish(spawn(link, [main, 'help'], { env: {}, cwd: '/' }));
  expect([run.status, run.stderr]).toEqual([
    4,
    expect.stringContaining(`${short} does not end in an application`),
  ]);
});

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

function inBareRoom(...args: string[]) {
  const script = 'umount -l /proc || exit 99; exec "$@"';
  const words = ['-m', 'sh', '-c', script, 'sh', product.file, main, ...args];
  return finish(spawn('unshare', words, { env: { PATH: '/usr/bin:/bin' }, cwd: '/' }));
}

test.runIf(canMount)('without /proc all but a server works, which says so', async () => {
  const data = join(scratch.path, 'data');
  const extracted = await inBareRoom('extract', '--data-dir', data);
  expect(extracted).toMatchObject({ status: 0, stderr: '' });
  const served = await inBareRoom('--listen', '127.0.0.1:0', '--data-dir', data);
  expect([served.status, served.stderr]).toEqual([
    5,
    expect.stringContaining('PHPACK_E_NO_PROC'),
  ]);
});
