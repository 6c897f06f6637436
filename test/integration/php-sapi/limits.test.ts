import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as layout from '../../../runtime/php/layout.ts';
import { countSlots } from '../channel/fake.ts';
import { until } from '../channel/request.ts';
import { Php, type PhpOptions } from './php.ts';

/** A grace that no test waits for: who is killed was not told, or did not listen. */
const patient: PhpOptions = { requestTimeoutMs: 400, requestGraceMs: 100_000 };

const deaths = (php: Php): number => php.words()[layout.channel.deaths >> 2]!;

async function expectAllFree(php: Php): Promise<void> {
  await php.pool.drain();
  const words = php.words();
  expect(countSlots(words, layout.FREE)).toBe(words[layout.channel.slot_count >> 2]);
}

const shutdown = 'register_shutdown_function(fn () => touch(__DIR__ . "/shutdown"));';

test.each([
  ['computes', 'for (;;);'],
  ['calls functions', 'for (;;) strlen(str_repeat("x", 100));'],
  ['sleeps', 'sleep(60);'],
  [
    'waits for streams',
    '$r = stream_socket_pair(1, 1, 0); $w = $e = null; stream_select($r, $w, $e, 60);',
  ],
  [
    'waits for a lock',
    '$p = popen("flock " . __FILE__ . " sleep 2", "r"); usleep(99999); flock(fopen(__FILE__, "r"), LOCK_EX);',
  ],
  [
    'catches whatever is thrown',
    'for (;;) try { throw new Error; } catch (Throwable) {}',
  ],
  ['runs in a fiber', '(new Fiber(function () { for (;;); }))->start();'],
  ['runs in a callback', 'array_map(function () { for (;;); }, [1]);'],
  [
    'prints without end',
    'ob_start(); for (;;) { echo str_repeat("x", 100); ob_clean(); }',
  ],
  [
    'handles signals',
    'pcntl_async_signals(true); pcntl_signal(SIGUSR1, fn () => 1); ' +
      'for (;;) posix_kill(getmypid(), SIGUSR1);',
  ],
])('a script over its limit ends when it is told to, though it %s', async (_, code) => {
  const php = new Php({ ...patient, ini: { display_errors: 1 } });
  const slow = await php.get(`${shutdown} ${code}`);
  expect(slow).toMatchObject({ status: 0, bytes: 0, errors: [] });
  expect(slow.failure).toEqual({
    reason: 'timeout',
    limit: 'request',
    afterMs: 400,
    isKilled: false,
    script: expect.stringMatching(/\.php$/),
  });
  await php.logged(/Maximum execution time of 400 ms for one request exceeded/);
  expect(await php.text('echo "next";')).toBe('next');
  expect(existsSync(join(php.docroot, 'shutdown'))).toBe(true);
  await expectAllFree(php);
  expect(php.pool.stats()).toMatchObject({ timeouts: 1, crashes: 0 });
  // The front has told of it already.
  expect(php.texts().join()).not.toContain('told to end');
});

test('a visitor waits no longer than the limit, however long PHP takes to end', async () => {
  const php = new Php({ ...patient });
  const slow = await php.get(`${shutdown} exec("sleep 2; touch slept");`);
  expect(slow.failure).toMatchObject({ reason: 'timeout', isKilled: false });
  expect(existsSync(join(php.docroot, 'slept'))).toBe(false);
  expect(php.pool.stats()).toMatchObject({ busy: 1 });
  expect(await php.text('echo "next";')).toBe('next');
  expect(existsSync(join(php.docroot, 'shutdown'))).toBe(true);
  await expectAllFree(php);
});

test('a shutdown function is told why it runs, as at max_execution_time', async () => {
  const php = new Php({ ...patient });
  const tell =
    'register_shutdown_function(fn () => error_log(connection_status() . " " . ' +
    'error_get_last()["type"]));';
  await php.get(`${tell} for (;;);`);
  await php.logged('2 1');
});

test('what a script prints when it is told to end reaches nobody', async () => {
  const php = new Php({ ...patient, ini: { display_errors: 1 } });
  const late = 'register_shutdown_function(function () { echo "late"; flush(); });';
  const slow = await php.get(`${late} echo "early"; flush(); sleep(60);`);
  expect(slow).toMatchObject({ status: 200, isEnded: false });
  expect(slow.body.toString()).toBe('early');
  expect(slow.failure).toMatchObject({ reason: 'timeout', isKilled: false });
  const code = `register_shutdown_function(fn () => fastcgi_finish_request()); sleep(60);`;
  expect((await php.get(code)).failure).toMatchObject({ reason: 'timeout' });
  await expectAllFree(php);
});

test.each([
  [
    'a shutdown function that never ends',
    false,
    `${shutdown} register_shutdown_function(function () { for (;;); }); for (;;);`,
  ],
  ['a function that does not return', false, 'exec("sleep 60");'],
  [
    'a script that does not hear of it',
    true,
    'pcntl_sigprocmask(SIG_BLOCK, [64]); for (;;);',
  ],
])('%s is killed after the grace', async (_, isDeaf, code) => {
  const php = new Php({ workers: 2, requestTimeoutMs: 500, requestGraceMs: 300 });
  const slow = await php.get(code);
  expect(slow.failure).toMatchObject({
    reason: 'timeout',
    afterMs: 500,
    isKilled: isDeaf,
  });
  // Longer than the limit, so that a successor with the clock of the dead would be found.
  for (let i = 0; i < 8; i++) {
    expect(await php.text('usleep(150000); echo "in time";')).toBe('in time');
  }
  expect(php.pool.stats()).toMatchObject({ timeouts: 1, crashes: 0 });
  // Else the front, which answers only now, tells of it.
  expect(php.texts().join().includes('did not, and was killed, in')).toBe(!isDeaf);
  await expectAllFree(php);
});

test('without a grace a request over its limit is killed at once', async () => {
  const php = new Php({ requestTimeoutMs: 500, requestGraceMs: 0 });
  const slow = await php.get(`${shutdown} for (;;);`);
  expect(slow.failure).toMatchObject({ reason: 'timeout', isKilled: true });
  expect(existsSync(join(php.docroot, 'shutdown'))).toBe(false);
});

test('the limit is that of each request, not of the worker', async () => {
  const php = new Php({ ...patient, requestTimeoutMs: 2000 });
  for (let i = 0; i < 10; i++) {
    expect(await php.text('usleep(250000); echo "ok";')).toBe('ok');
  }
  expect(php.worker(0, 'requests')).toBe(10);
});

test('a request that ends at its limit does not take the next one with it', async () => {
  const php = new Php({ ...patient, requestTimeoutMs: 100 });
  for (let i = 0; i < 40; i++) {
    await php.get(`usleep(${98_000 + 100 * i});`);
    expect(await php.text('usleep(30000); echo "in time";')).toBe('in time');
  }
  expect(deaths(php)).toBe(0);
});

test('work after the response is not ended by the limit of the request', async () => {
  const php = new Php({ ...patient });
  const code = 'echo "x"; fastcgi_finish_request(); usleep(1200000); touch("done");';
  expect((await php.get(code)).body.toString()).toBe('x');
  await until(() => existsSync(join(php.docroot, 'done')), 'the end of the work');
  await expectAllFree(php);
  expect(php.log).toEqual([]);
});

test('work after the response has a limit of its own, from then on', async () => {
  const php = new Php({ workers: 2, afterFinishTimeoutMs: 700, requestGraceMs: 100_000 });
  const inTime =
    'usleep(900000); fastcgi_finish_request(); usleep(100000); touch("done");';
  const late = `${shutdown} echo "x"; fastcgi_finish_request(); for (;;);`;
  const [early] = await Promise.all([php.get(late), php.get(inTime)]);
  expect(early).toMatchObject({ isEnded: true, failure: null, errors: [] });
  await php.logged(/told to end after 700 ms from its response on in .*\.php$/);
  await php.logged(/Maximum execution time of 700 ms after the response exceeded/);
  expect(existsSync(join(php.docroot, 'shutdown'))).toBe(true);
  await until(() => existsSync(join(php.docroot, 'done')), 'the work in time');
  expect(php.pool.stats()).toMatchObject({ timeouts: 1, crashes: 0 });
  expect(deaths(php)).toBe(0);
  await expectAllFree(php);
});
