import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { until } from '../channel/request.ts';
import { Php } from './php.ts';

const die = 'posix_kill(getmypid(), 9);';
const pdo =
  '$db = new PDO("sqlite:" . __DIR__ . "/db"); $db->setAttribute(2, 1); $db->setAttribute(3, 0);';

/** Takes a lock; says whether somebody else holds it. */
const locks: [string, string, string][] = [
  [
    'flock()',
    '$f = fopen("lock", "c"); flock($f, LOCK_EX);',
    '!flock(fopen("lock", "c"), LOCK_EX | LOCK_NB)',
  ],
  [
    'SQLite',
    `${pdo} $db->exec("BEGIN EXCLUSIVE");`,
    '@$db->exec("BEGIN EXCLUSIVE") === false',
  ],
  [
    'a semaphore',
    '$s = sem_get(ftok(__DIR__, "a")); sem_acquire($s);',
    '!sem_acquire(sem_get(ftok(__DIR__, "a")), true)',
  ],
  [
    'a session',
    'session_id("x"); session_start();',
    '!flock(fopen(session_save_path() . "/sess_x", "c"), LOCK_EX | LOCK_NB)',
  ],
];

test.each(locks)('a killed worker does not keep %s', async (what, take, isTaken) => {
  const php = new Php({ workers: 2 });
  const ask = `${what === 'SQLite' ? pdo : ''} echo json_encode(${isTaken});`;
  const holder = php.send(
    `${take} touch("taken"); while (!file_exists("go")) usleep(999);`,
  );
  await php.text('while (!file_exists("taken")) { clearstatcache(); usleep(999); }');
  expect(await php.text(ask)).toBe('true');
  for (const pid of php.workerPids()) process.kill(pid, 'SIGKILL');
  expect((await holder.settled()).failure).toMatchObject({ reason: 'crashed' });
  expect(await php.text(ask)).toBe('false');
});

test('a worker killed in APCu costs the cache, and nobody waits', async () => {
  const php = new Php({
    workers: 4,
    ini: { 'apc.shm_size': '8M' },
    requestTimeoutMs: 20_000,
  });
  expect(await php.text('apcu_store("a", 1); echo apcu_fetch("a");')).toBe('1');
  const before = php.workerPids();
  const long = php.send(
    'while (!file_exists("go")) usleep(999); apcu_store("b", 1); echo "ended";',
  );
  await until(() => php.pool.stats().busy === 1, 'the long request');
  // Under the write lock.
  const dead = await php.get(`apcu_entry("c", function () { ${die} });`);
  expect(dead.failure).toMatchObject({ reason: 'crashed', signal: 9 });
  const code =
    'apcu_store("d", 1); echo apcu_entry("e", fn () => 5), apcu_exists("a") ? "old" : "";';
  for (let i = 0; i < 30; i++) expect(await php.text(code)).toBe('5');
  await php.logged(/died while it changed APCu/);
  php.file('go', '');
  expect((await long.settled()).body.toString()).toBe('ended');
  await until(
    () => before.every((pid) => !php.workerPids().includes(pid)),
    'all successors',
  );
  const all = Array.from({ length: 40 }, () =>
    php.send('usleep(5000); echo apcu_inc("n");'),
  );
  const counts: number[] = [];
  for (const one of all) counts.push(Number((await one.settled()).body));
  expect(counts.toSorted((a, b) => a - b)).toEqual(all.map((_, i) => i + 1));
  expect(php.texts().filter((text) => text.includes('APCu'))).toHaveLength(1);
});

test('a script told to end under a lock of APCu gives it back', async () => {
  const php = new Php({ workers: 2, requestTimeoutMs: 400, requestGraceMs: 100_000 });
  const held = await php.get(
    'apcu_store("a", 1); apcu_entry("c", function () { for (;;); });',
  );
  expect(held.failure).toMatchObject({ reason: 'timeout', isKilled: false });
  expect(await php.text('echo apcu_entry("c", fn () => 5), apcu_fetch("a");')).toBe('51');
  expect(php.texts().join()).not.toContain('APCu');
});

test('max_execution_time does not end a worker under a lock of APCu', async () => {
  const php = new Php({
    workers: 2,
    requestTimeoutMs: 500,
    requestGraceMs: 4000,
    ini: { hard_timeout: 1 },
  });
  // One call of a C function, in which the engine would exit after 1 + 1 seconds.
  const busy = 'set_time_limit(1); hash_pbkdf2("sha256", "x", "y", 1 << 30);';
  const free = await new Php({ ini: { hard_timeout: 1 } }).get(busy);
  expect(free.failure).toMatchObject({ reason: 'exited', status: 124 });
  const held = await php.get(`apcu_entry("c", function () { ${busy} });`);
  expect(held.failure).toMatchObject({ reason: 'timeout' });
  await php.logged(/did not, and was killed/);
  for (let i = 0; i < 10; i++) {
    expect(await php.text('echo apcu_entry("c", fn () => 5);')).toBe('5');
  }
});

const ini = { 'opcache.enable': 1, 'opcache.file_update_protection': 0 };
const status =
  '$s = opcache_get_status(false); echo json_encode([$s["opcache_enabled"], ' +
  '$s["opcache_statistics"]["manual_restarts"], opcache_is_script_cached(__FILE__)]);';

/** Stops the worker that holds OPcache's lock; 0: nobody did for a moment. */
function stopHolder(php: Php): number {
  const end = performance.now() + 20;
  while (performance.now() < end) {
    const index = [0, 1].find((i) => php.worker(i, 'holds_opcache') === 1);
    if (index === undefined) continue;
    const pid = php.worker(index, 'pid');
    process.kill(pid, 'SIGSTOP');
    while (!/^State:\sT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
    if (php.worker(index, 'holds_opcache') === 1) return pid;
    process.kill(pid, 'SIGCONT');
  }
  return 0;
}

/** Kills a worker in the moment in which it puts what it compiled into the memory. */
async function killInOpcache(php: Php): Promise<void> {
  const functions = Array.from(
    { length: 1000 },
    (_, i) => `function f${i}() { echo "s${i}"; }`,
  );
  php.file('big.inc', `<?php ${functions.join('\n')}`);
  const file = '__DIR__ . "/big.inc"';
  const code = `opcache_invalidate(${file}, true); opcache_compile_file(${file});`;
  let isOver = false;
  const compile = async (): Promise<void> => {
    // One after the other: the memory is full at times, and is then emptied between them.
    while (!isOver) isOver = (await php.get(code)).failure !== null;
  };
  const compiling = compile();
  let pid = 0;
  await until(() => (pid = stopHolder(php)) !== 0, 'the lock to be held');
  process.kill(pid, 'SIGKILL');
  await compiling;
}

test('a worker killed in OPcache costs what is cached, and nobody waits', async () => {
  const php = new Php({ workers: 2, ini });
  await php.text(status);
  expect(await php.json(status)).toEqual([true, 0, true]);
  await killInOpcache(php);
  await php.logged(/died while it changed OPcache/);
  await expect.poll(() => php.text(status)).toMatch(/^\[true,1,/);
  expect(await php.json(status)).toEqual([true, 1, true]);
});

test('a worker killed elsewhere costs nothing of OPcache', async () => {
  const php = new Php({ workers: 2, ini });
  await php.text(status);
  expect((await php.get(die)).failure).toMatchObject({ reason: 'crashed' });
  expect(await php.json(status)).toEqual([true, 0, true]);
  expect(php.texts().join()).not.toContain('OPcache');
});
