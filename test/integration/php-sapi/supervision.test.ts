import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildChannel } from '../../../native/channel/build.ts';
import * as layout from '../../../runtime/php/layout.ts';
import { countSlots } from '../channel/fake.ts';
import { subjectPhp } from '../../conformance/subject.ts';
import { killIfThere, makeHead, until } from '../channel/request.ts';
import { Php } from './php.ts';

const root = join(import.meta.dirname, '../../..');

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text.split(' ').map(Number);
}

async function expectAllFree(php: Php): Promise<void> {
  await php.pool.drain();
  const words = php.words();
  expect(countSlots(words, layout.FREE)).toBe(words[layout.channel.slot_count >> 2]);
}

const die = (signal: number): string => `posix_kill(getmypid(), ${signal}); sleep(10);`;

test('a crash costs its own request only', async () => {
  const php = new Php({ workers: 2 });
  const others = Array.from({ length: 20 }, () => php.send('usleep(2000); echo "ok";'));
  const crash = await php.get(die(11));
  expect(crash.failure).toMatchObject({ reason: 'crashed', signal: 11 });
  for (const other of others) expect((await other.settled()).body.toString()).toBe('ok');
  await expectAllFree(php);
});

test('a crash after the first bytes breaks the response off', async () => {
  const php = new Php();
  const wait =
    'while (!file_exists(__DIR__ . "/go")) { clearstatcache(); usleep(1000); }';
  const crash = php.send(`echo str_repeat('x', 100000); flush(); ${wait} ${die(9)}`);
  await until(() => crash.bytes === 100_000, 'the first bytes');
  php.file('go', '');
  await crash.settled();
  expect(crash.status).toBe(200);
  expect(crash.failure).toMatchObject({ reason: 'crashed', signal: 9 });
  expect(await php.text('echo "next";')).toBe('next');
  await expectAllFree(php);
});

test('a crash in the midst of a body spares the next body', async () => {
  const php = new Php();
  const bytes = Buffer.alloc(1_000_000, 'b');
  const request = { method: 'PUT', body: { kind: 'bytes', bytes } as const };
  const crash = await php.get(
    `fread(fopen('php://input', 'r'), 8192); ${die(9)}`,
    request,
  );
  expect(crash.failure).toMatchObject({ reason: 'crashed' });
  const code = 'echo strlen(file_get_contents("php://input"));';
  expect(await php.text(code, request)).toBe('1000000');
  await expectAllFree(php);
});

test('the stack of endless native recursion takes one worker only', async () => {
  const php = new Php();
  const code =
    '$a = []; for ($i = 0; $i < 2000000; $i++) $a = [$a]; echo ' +
    'json_encode(serialize($a) !== "");';
  const response = await php.get(`ini_set('memory_limit', -1); ${code}`);
  expect(response.failure === null || response.failure.reason === 'crashed').toBe(true);
  expect(await php.text('echo "next";')).toBe('next');
});

test('a script with a name beyond ASCII is named in the log', async () => {
  const php = new Php();
  php.file('ü.php', '<?php fastcgi_finish_request(); posix_kill(getmypid(), 11);');
  // Paths of requests have one character per byte.
  await php.sendTo('/Ã¼.php').settled();
  await php.logged(/SIGSEGV .*ü\.php$/);
});

test('a worker that replaced itself by another program is missed by nobody', async () => {
  const php = new Php();
  const gone = await php.get('pcntl_exec("/bin/sh", ["-c", "exit 3"]);');
  expect(gone.failure).toMatchObject({ reason: 'exited', status: 3 });
  expect(await php.text('echo "next";')).toBe('next');
  await expectAllFree(php);
});

test('workers are replaced after max_requests, without a failure', async () => {
  const php = new Php({ workers: 3, maxRequests: 2 });
  const all = Array.from({ length: 60 }, () => php.send('echo getmypid();'));
  const perPid = new Map<string, number>();
  for (const one of all) {
    const response = await one.settled();
    expect(response.failure).toBeNull();
    const pid = response.body.toString();
    perPid.set(pid, (perPid.get(pid) ?? 0) + 1);
  }
  expect(Math.max(...perPid.values())).toBe(2);
  expect(perPid.size).toBeLessThan(33);
});

test('programs that a script leaves behind do not become zombies', async () => {
  const php = new Php();
  const pid = Number(await php.text('echo exec("sleep 60 >/dev/null 2>&1 & echo $!");'));
  const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  expect(Number(parent?.[1])).toBe(php.pool.zygotePid);
  process.kill(pid, 'SIGKILL');
  await until(() => !existsSync(`/proc/${pid}`), 'its burial');
});

test('workers that die between requests are replaced, ever more slowly', async () => {
  const php = new Php({ workers: 1 });
  await php.pool.ready;
  const end = performance.now() + 1000;
  while (performance.now() < end) {
    for (const pid of php.workerPids()) killIfThere(pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // Pauses of 50, 100, 200, 400 ms …: a slow machine only makes it fewer.
  expect(php.words()[layout.channel.forks >> 2]).toBeLessThan(8);
  await php.logged(/was killed by signal 9 \(Killed\) between requests/);
  expect(await php.text('echo "served";')).toBe('served');
});

test('no signal but the front’s stop ends zygote or workers', async () => {
  const php = new Php({ workers: 2 });
  await php.pool.ready;
  const pids = [php.pool.zygotePid, ...php.workerPids()];
  for (const pid of pids) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'])
      process.kill(pid, signal);
  }
  expect(await php.text('echo "served";')).toBe('served');
  for (const pid of pids) process.kill(pid, 'SIGTERM');
  expect(await php.text('usleep(1000); echo "again";')).toBe('again');
  expect(php.words()[layout.channel.deaths >> 2]).toBe(0);
});

test('when the zygote dies its workers die, and a new one takes over', async () => {
  const php = new Php({ workers: 2 });
  await php.pool.ready;
  const pids = php.workerPids();
  const running = php.send('sleep(60);');
  await until(() => php.pool.stats().busy === 1, 'the script to run');
  process.kill(php.pool.zygotePid, 'SIGKILL');
  expect((await running.settled()).failure).toEqual({ reason: 'zygote-died' });
  expect(await php.text('echo "next";')).toBe('next');
  await until(() => !pids.some(isAlive), 'the end of the old workers');
});

test('stopping lets idle workers leave, and leaves nothing behind', async () => {
  const php = new Php({ workers: 3 });
  await php.pool.ready;
  const pids = [php.pool.zygotePid, ...php.workerPids()];
  await php.get('echo 1;');
  await php.pool.drain();
  await php.pool.close();
  await until(() => !pids.some(isAlive), 'the end of all processes');
  expect(php.words()[layout.channel.deaths >> 2]).toBeGreaterThan(0);
  expect(php.log).toEqual([]);
});

test('a php.ini that PHP cannot use explains itself', async () => {
  const php = new Php({
    ini: { 'opcache.enable': 1, 'opcache.preload': '/no/such/file.php' },
  });
  await expect(php.pool.ready).rejects.toMatchObject({
    output: expect.arrayContaining([expect.stringMatching(/no\/such\/file/)]),
  });
});

test('each request leaves its peak of memory', async () => {
  const php = new Php();
  await php.get('str_repeat("x", 30 << 20);');
  const slot = (layout.SLOTS_OFFSET + layout.slot.peak_kib) >> 2;
  expect(php.words()[slot]).toBeGreaterThan(30 * 1024);
  await php.get('echo 1;');
  expect(php.words()[slot]).toBeLessThan(4 * 1024);
});

test('when the server is killed, nothing of PHP survives it', async () => {
  const php = new Php();
  const script = php.file('sleep.php', '<?php touch(__DIR__ . "/running"); sleep(60);');
  const source = `
    import { createPhpPool } from '${root}/runtime/php/pool.ts';
    const pool = createPhpPool(${JSON.stringify({
      channelPath: buildChannel(),
      phpBinary: subjectPhp(),
      env: { PHPRC: join(import.meta.dirname, '../../fixtures/php/empty.ini') },
      workers: 2,
      maxRequests: 0,
      requestTimeoutMs: 0,
      requestGraceMs: 1000,
      afterFinishTimeoutMs: 0,
      queueLimit: 10,
      queueTimeoutMs: 0,
    })});
    await pool.ready;
    pool.submit(${JSON.stringify({
      ...makeHead(''),
      scriptFilename: script,
    })}, { kind: 'none' }, {});
    console.log(pool.zygotePid);`;
  const server = spawn(process.execPath, ['--input-type=module', '-e', source]);
  const zygote = Number(String((await once(server.stdout, 'data'))[0]));
  await until(() => existsSync(join(php.docroot, 'running')), 'the script');
  const pids = [zygote, ...childrenOf(zygote)];
  expect(pids).toHaveLength(3);
  server.kill('SIGKILL');
  await until(() => !pids.some(isAlive), 'the end of all processes');
});
