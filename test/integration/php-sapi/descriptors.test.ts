import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../channel/request.ts';
import { Php } from './php.ts';

/** What a process has open, as `number file`, without the numbers of inodes. */
function descriptorsOf(pid: number): string[] {
  const dir = `/proc/${pid}/fd`;
  return readdirSync(dir)
    .sort((a, b) => Number(a) - Number(b))
    .map((fd) => `${fd} ${readlinkSync(join(dir, fd)).replace(/:\[\d+\]$/, '')}`);
}

/** Input and output; OPcache's lock, a file without contents; our end of the channel. */
const expected = [
  '0 /dev/null',
  '1 pipe',
  '2 pipe',
  '3 /memfd:opcache_lock (deleted)',
  '200 anon_inode:[eventfd]',
  '201 socket',
  '202 socket',
];

test('a worker has nothing open but what it needs, before, in and after a request', async () => {
  const php = new Php();
  await php.pool.ready;
  const [pid = 0] = php.workerPids();
  expect(descriptorsOf(pid)).toEqual(expected);
  const running = php.send(
    'echo "on"; flush(); while (!connection_aborted()) { usleep(9999); echo " "; flush(); }',
  );
  await until(() => running.bytes > 0, 'it to run');
  const isScript = (line: string): boolean => line.includes(php.docroot);
  expect(descriptorsOf(pid).filter((line) => !isScript(line))).toEqual(expected);
  running.abort();
  await php.pool.drain();
  expect(descriptorsOf(pid)).toEqual(expected);
  expect(descriptorsOf(php.pool.zygotePid)).toEqual(expected);
});

/** Closes descriptors as no PHP function can. */
const close = `
  $libc = FFI::cdef('int close(int);');
  $close = function (int ...$fds) use ($libc) { foreach ($fds as $fd) $libc->close($fd); };`;

test.each([
  ['the doorbell', '$close(200);'],
  ['the log', '$close(201);'],
  ['where bodies are asked for', '$close(202);'],
  ['all numbers there can be', '$close(...range(3, 1023));'],
  [
    'and opens files in their place',
    '$close(200, 201, 202); for ($i = 0; $i < 220; $i++) $files[] = fopen("$dir/$i", "w+");',
  ],
])('a script that closes %s costs its worker and no other request', async (_, code) => {
  const php = new Php({ ini: { 'ffi.enable': 'true' } });
  const dir = JSON.stringify(php.root);
  const before = Number(await php.text('echo getmypid();'));
  const answer = await php.text(
    `${close} $dir = ${dir}; mkdir("$dir/files"); $dir .= "/files"; ${code}
    error_log('lost'); echo 'done'; flush(); usleep(1000); echo ' it';`,
  );
  expect(answer).toBe('done it');
  const body = {
    kind: 'file',
    fd: openSync(php.file('body', 'x'.repeat(5000)), 'r'),
    length: 5000,
  } as const;
  for (let i = 0; i < 20; i++) {
    expect(
      await php.text('echo strlen(file_get_contents("php://input"));', { body }),
    ).toBe('5000');
  }
  closeSync(body.fd);
  expect(Number(await php.text('echo getmypid();'))).not.toBe(before);
  expect(
    await php.text(`echo array_sum(array_map('filesize', glob(${dir} . '/files/*')));`),
  ).toBe('0');
});

test('what a script starts in a session of its own does not hold the channel', async () => {
  const php = new Php();
  const code = `
    if (($pid = pcntl_fork()) === 0) { posix_setsid(); sleep(60); exit; }
    echo $pid;`;
  const pid = Number(await php.text(code));
  await until(() => descriptorsOf(pid).length < 7, 'it to start');
  expect(descriptorsOf(pid)).not.toContain('200 anon_inode:[eventfd]');
  expect(await php.text(`echo file_get_contents('/proc/${pid}/maps');`)).not.toContain(
    'phpack-channel',
  );
  process.kill(pid, 'SIGKILL');
});
