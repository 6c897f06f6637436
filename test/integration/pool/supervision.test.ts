import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { buildChannel } from '../../../native/channel/build.ts';
import { ProductError } from '../../../runtime/errors.ts';
import type { PhpPoolOptions } from '../../../runtime/php/types.ts';
import type { Collector } from '../channel/request.ts';
import { killIfThere, until } from '../channel/request.ts';
import { childrenOf, isAlive, PhpSite } from './php.ts';
import { subjectPhp } from '../../conformance/subject.ts';

const emptyIni = join(import.meta.dirname, '../../fixtures/php/empty.ini');

let site: PhpSite | null = null;

function openSite(
  scripts: Readonly<Record<string, string>>,
  options: Partial<PhpPoolOptions> = {},
  ini: readonly string[] = [],
): PhpSite {
  site = new PhpSite(scripts, options, ini);
  return site;
}

afterEach(async () => {
  await site?.close();
  site = null;
});

const scripts = {
  'hello.php': 'echo "hello";',
  'pid.php': 'echo getmypid(); flush(); usleep((int) $_GET["us"]); echo " done";',
  'sleep.php': 'usleep((int) $_GET["us"]); echo "done";',
  'pages.php':
    'for ($i = 0; $i < 200; $i++) { echo str_repeat("x", 1000); flush(); usleep(1000); }',
};

test('five killed workers are five failed requests and nothing else', async () => {
  const { pool, send } = bound(openSite(scripts));
  await pool.ready;
  const killed: Collector[] = [];
  const others: Collector[] = [];
  for (let i = 0; i < 5; i++) {
    for (let j = 0; j < 20; j++) others.push(send('sleep.php?us=2000'));
    const victim = send('pid.php?us=60000000');
    await until(() => victim.bytes > 0, 'the process id');
    process.kill(Number(victim.body), 'SIGKILL');
    killed.push(await victim.settled());
  }
  for (const other of others) await other.settled();
  const script = killed[0]!.failure && 'script' in killed[0]!.failure;
  expect(script).toBe(true);
  expect(killed.map((sink) => sink.failure?.reason)).toEqual(Array(5).fill('crashed'));
  expect(killed.map((sink) => sink.failure)).toEqual(
    Array(5).fill(expect.objectContaining({ signal: 9 })),
  );
  expect(others.map((sink) => sink.body.toString())).toEqual(Array(100).fill('done'));
  expect(pool.stats()).toMatchObject({ crashes: 5, served: 100, busy: 0 });
  await until(() => pool.stats().workers === 4, 'the last successor');
});

test('workers killed at random under load fail only what they ran', async () => {
  const opened = openSite(scripts);
  const { pool, send } = bound(opened);
  await pool.ready;
  const all: Collector[] = [];
  let kills = 0;
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 30; i++) all.push(send('sleep.php?us=500'));
    const pids = opened.workerPids();
    const pid = pids[round % pids.length];
    if (pid && killIfThere(pid)) kills++;
    await all.at(-1)!.settled();
  }
  for (const sink of all) await sink.settled();
  const failed = all.filter((sink) => sink.failure);
  expect(failed.every((sink) => sink.failure!.reason === 'crashed')).toBe(true);
  expect(failed.length).toBeLessThanOrEqual(kills);
  const served = all.filter((sink) => sink.body.toString() === 'done').length;
  expect(served).toBe(all.length - failed.length);
  await pool.drain();
  expect(pool.stats()).toMatchObject({ busy: 0, queued: 0, served });
});

test('a script over its time limit is killed, the next request gets a new worker', async () => {
  const { pool, send } = bound(openSite(scripts, { workers: 1, requestTimeoutMs: 1000 }));
  const slow = await send('sleep.php?us=60000000').settled();
  expect(slow.failure).toMatchObject({ reason: 'timeout', afterMs: 1000 });
  expect((await send('hello.php').settled()).body.toString()).toBe('hello');
  expect(pool.stats()).toMatchObject({ timeouts: 1, crashes: 0 });
});

test('a killed zygote is replaced; waiting requests run under the new one', async () => {
  const opened = openSite(scripts, { workers: 2 });
  const { pool, send } = bound(opened);
  const running = [send('pid.php?us=60000000'), send('pid.php?us=60000000')];
  for (const sink of running) await until(() => sink.bytes > 0, 'both to run');
  const waiting = Array.from({ length: 30 }, () => send('hello.php'));
  const before = [pool.zygotePid, ...opened.workerPids()];
  expect(before).toHaveLength(3);
  process.kill(pool.zygotePid, 'SIGKILL');
  for (const sink of running) {
    expect((await sink.settled()).failure).toEqual({ reason: 'zygote-died' });
  }
  for (const sink of waiting) {
    expect((await sink.settled()).body.toString()).toBe('hello');
  }
  await until(() => !before.some(isAlive), 'the end of the old processes');
});

test('200 requests at once on 4 workers are all served', async () => {
  const { pool, send } = bound(openSite(scripts));
  const all = Array.from({ length: 200 }, () => send('sleep.php?us=3000'));
  for (const sink of all) expect((await sink.settled()).body.toString()).toBe('done');
  expect(pool.stats()).toMatchObject({ served: 200, crashes: 0, queued: 0 });
});

test('workers replaced by their number of requests lose none', async () => {
  const { pool, send } = bound(openSite(scripts, { maxRequests: 3 }));
  const all = Array.from({ length: 300 }, () => send('hello.php'));
  for (const sink of all) expect((await sink.settled()).body.toString()).toBe('hello');
  expect(pool.stats()).toMatchObject({ served: 300, crashes: 0 });
});

test('a slow reader holds no worker longer than its ring, and gets everything', async () => {
  const { send } = bound(openSite(scripts, { workers: 1 }));
  const slow = send('pages.php');
  let isPaused = true;
  slow.wantsMore = () => !isPaused;
  await until(() => slow.bytes > 0, 'the first page');
  // 200 KB fit the ring: the only worker is free although nobody reads on.
  expect((await send('hello.php').settled()).body.toString()).toBe('hello');
  isPaused = false;
  slow.exchange!.resume();
  expect((await slow.settled()).bytes).toBe(200_000);
});

test('a script notices that its client is gone', async () => {
  const endless = { 'endless.php': 'while (true) { echo str_repeat("x", 8192); }' };
  const { send } = bound(openSite({ ...scripts, ...endless }, { workers: 1 }));
  const left = send('endless.php');
  await until(() => left.bytes > 100_000, 'output');
  left.abort();
  expect((await send('hello.php').settled()).body.toString()).toBe('hello');
  expect(left.errors).toEqual([]);
});

test('draining under load serves what was accepted and refuses what comes later', async () => {
  const { pool, send } = bound(openSite(scripts));
  const accepted = Array.from({ length: 100 }, () => send('sleep.php?us=2000'));
  const drained = pool.drain();
  const late = send('hello.php');
  await drained;
  expect(accepted.every((sink) => sink.isEnded)).toBe(true);
  expect((await late.settled()).failure).toEqual({ reason: 'stopping' });
});

test('closing under load leaves no process behind', async () => {
  const opened = openSite(scripts);
  const { pool, send } = bound(opened);
  const all = Array.from({ length: 50 }, () => send('sleep.php?us=60000000'));
  await until(() => pool.stats().busy === 4, 'all workers busy');
  const pids = [pool.zygotePid, ...opened.workerPids()];
  expect(pids).toHaveLength(5);
  await pool.close();
  expect(all.every((sink) => sink.failure?.reason === 'stopping')).toBe(true);
  await until(() => !pids.some(isAlive), 'the end of all processes');
});

test('a server killed without warning leaves no PHP behind', async () => {
  const options = {
    channelPath: buildChannel(),
    phpBinary: subjectPhp(),
    env: { PHPRC: emptyIni },
    workers: 4,
    maxRequests: 0,
    requestTimeoutMs: 0,
    requestGraceMs: 1000,
    afterFinishTimeoutMs: 0,
    queueLimit: 10,
    queueTimeoutMs: 0,
  };
  const pool = join(import.meta.dirname, '../../../runtime/php/pool.ts');
  const program = `import { createPhpPool } from ${JSON.stringify(pool)};
    const pool = createPhpPool({ ...${JSON.stringify(options)}, onLog() {} });
    await pool.ready; console.log(pool.zygotePid);`;
  const server = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(server.stdout, 'data')) as [Buffer];
  const zygote = Number(text);
  await until(() => childrenOf(zygote).length === 4, 'four workers');
  const pids = [zygote, ...childrenOf(zygote)];
  server.kill('SIGKILL');
  await until(() => !pids.some(isAlive), 'the end of all processes');
});

test('programs that scripts have started end with their zygote', async () => {
  const code = 'echo shell_exec("sleep 1000 > /dev/null 2>&1 & echo \\$!");';
  const opened = openSite({ 'start.php': code });
  const pid = Number(await opened.get('start.php'));
  expect(isAlive(pid)).toBe(true);
  process.kill(opened.pool.zygotePid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the end of the program');
});

test('what a script logs names its request', async () => {
  const logs = {
    'log.php': 'error_log("from the script"); error_log(str_repeat("ä", 5000));',
  };
  const opened = openSite(logs);
  await opened.get('log.php');
  await until(() => opened.log.length >= 2, 'the entries');
  expect(opened.log[0]!.text).toContain('from the script');
  expect(opened.log[0]!.request?.scriptName).toBe('/log.php');
  expect(opened.log[1]!.text).toContain('ä'.repeat(5000));
});

test('what scripts and their programs write to /dev/stderr is logged', async () => {
  const code = 'error_log("by PHP"); shell_exec("echo by a shell > /dev/stderr");';
  site = new PhpSite({ 'err.php': code }, {}, ['error_log=/dev/stderr']);
  await site.get('err.php');
  await until(() => site!.log.length >= 2, 'the lines');
  expect(site.log.map((entry) => entry.text.replace(/^\[.*\] /, ''))).toEqual([
    'by PHP',
    'by a shell',
  ]);
});

test('PHP with a broken configuration says why it does not start', async () => {
  site = new PhpSite(scripts, {}, ['zend_extension=/nonexistent.so', 'memory_limit=']);
  await expect(site.pool.ready.then(() => site!.get('hello.php'))).resolves.toBe('hello');
  await until(() => site!.log.length > 0, 'the startup warning');
  expect(site.log.map((entry) => entry.text).join('\n')).toContain('nonexistent.so');
});

test('PHP does not start when it reads its php.ini only in part', async () => {
  site = new PhpSite(scripts, {}, [
    'memory_limit=64M',
    'precision = (',
    'memory_limit=1G',
  ]);
  const message = await site.pool.ready.catch(String);
  expect(message).toMatch(/syntax error[^]*PHPACK_E_PHP_START: php\.ini was not read/);
});

test('without its php.ini PHP does not come back, and does once it is there again', async () => {
  const limit = { 'limit.php': 'echo ini_get("memory_limit");' };
  const opened = openSite(limit, {}, ['memory_limit=64M']);
  expect(await opened.get('limit.php')).toBe('64M');
  const [ini, away] = ['php.ini', 'away.ini'].map((name) => join(opened.root, name));
  renameSync(ini!, away!);
  process.kill(opened.pool.zygotePid, 'SIGKILL');
  const isLogged = (part: string) => () =>
    opened.log.some(({ text }) => text.includes(part));
  await until(isLogged('killed by SIGKILL'), 'the end');
  const answer = opened.get('limit.php');
  await until(isLogged('PHPACK_E_PHP_START: php.ini was not'), 'the refusal');
  renameSync(away!, ini!);
  expect(await answer).toBe('64M');
});

test('while its php.ini cannot be written, PHP is not started; the log says why', async () => {
  let isFull = false;
  const prepare = (): void => {
    const seen = 'no space left for /data/run/x.ini';
    if (isFull) throw new ProductError('PHPACK_E_DISK_FULL', seen);
  };
  const opened = openSite(scripts, { prepare });
  await opened.pool.ready;
  isFull = true;
  process.kill(opened.pool.zygotePid, 'SIGKILL');
  const reason = 'PHPACK_E_DISK_FULL: no space left for /data/run/x.ini';
  await until(() => opened.log.some(({ text }) => text.includes(reason)), 'the reason');
  expect(opened.pool.zygotePid).toBe(0);
  isFull = false;
  expect(await opened.get('hello.php')).toBe('hello');
});

/** `send` as a function of its own. */
function bound(opened: PhpSite) {
  return { pool: opened.pool, send: (script: string) => opened.send(script) };
}
