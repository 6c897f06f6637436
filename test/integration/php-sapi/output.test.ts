import { expect, test } from 'vitest';
import { Collector, until } from '../channel/request.ts';
import { Php } from './php.ts';

/** A sink that lets the test say when a waiting script may go on, by touching a file. */
const waitForFile = (name: string): string =>
  `while (!file_exists(__DIR__ . '/${name}')) { clearstatcache(); usleep(1000); }`;

test('flush() reaches the client while the script runs on', async () => {
  const php = new Php({ ini: { output_buffering: 4096 } });
  const response = php.send(
    `header('X-A: 1'); echo 'one '; ob_flush(); flush();
    ${waitForFile('go')} echo 'two';`,
  );
  await until(() => response.bytes === 4, 'the first part');
  expect(response.status).toBe(200);
  expect(response.isEnded).toBe(false);
  php.file('go', '');
  await response.settled();
  expect(response.body.toString()).toBe('one two');
});

test('a page that takes long is seen to grow, without flush()', async () => {
  const php = new Php({ ini: { output_buffering: 0 } });
  const slow = `echo 'one'; usleep(150000); echo 'two';`;
  const response = php.send(`${slow} ${waitForFile('go')} echo 'three';`);
  await until(() => response.body.toString() === 'onetwo', 'the beginning');
  php.file('go', '');
  expect((await response.settled()).body.toString()).toBe('onetwothree');
});

test('flush() alone reaches the client through the buffer of php.ini', async () => {
  const php = new Php({ ini: { output_buffering: 4096 } });
  const response = php.send(`echo 'one '; flush(); ${waitForFile('go')} echo 'two';`);
  await until(() => response.bytes === 4, 'the first part');
  php.file('go', '');
  await response.settled();
  expect(response.body.toString()).toBe('one two');
});

test('flush() leaves the buffers of the script alone', async () => {
  const php = new Php({ ini: { output_buffering: 4096 } });
  const own = 'ob_start(); echo "secret"; flush(); ob_end_clean(); echo "shown";';
  expect(await php.text(own)).toBe('shown');
  expect(await php.text(`ob_end_flush(); ${own}`)).toBe('shown');
  expect(
    await php.text('try { flush(1); } catch (ArgumentCountError) { echo "no"; }'),
  ).toBe('no');
});

test('flush() sends the head of a response that has no body yet', async () => {
  const php = new Php();
  const response = php.send(`http_response_code(203); flush(); ${waitForFile('go')}`);
  await until(() => response.status === 203, 'the head');
  php.file('go', '');
  await response.settled();
});

test('implicit_flush sends every echo', async () => {
  const php = new Php({ ini: { output_buffering: 0, implicit_flush: 1 } });
  const response = php.send(`echo 'now'; ${waitForFile('go')}`);
  await until(() => response.bytes === 3, 'the first part');
  php.file('go', '');
  await response.settled();
});

test.each([
  'fastcgi_finish_request',
  'frankenphp_finish_request',
  'phpack_finish_request',
])('%s() ends the response, not the script', async (name) => {
  const php = new Php();
  const response = await php.get(`
    ob_start(); echo 'answer';
    $first = ${name}();
    echo 'discarded'; header('X-Late: 1'); flush();
    ${waitForFile('go')}
    error_log(json_encode([$first, ${name}(), connection_status(), ob_get_level()]));`);
  expect(response.body.toString()).toBe('answer');
  expect(php.pool.stats().busy).toBe(1);
  php.file('go', '');
  await php.logged('[true,false,0,0]');
  expect(await php.text('echo "next";')).toBe('next');
});

test('what is written after the response is nobody else’s', async () => {
  const php = new Php();
  const code =
    'echo "a"; fastcgi_finish_request(); register_shutdown_function(fn() => ' +
    'print("leak"));';
  for (let i = 0; i < 3; i++) expect(await php.text(code)).toBe('a');
});

test('output callbacks, destructors and shutdown functions may write', async () => {
  const php = new Php();
  const code = `
    class D { function __destruct() { echo 'destroyed '; } }
    register_shutdown_function(function () { echo 'shutdown '; exit(3); });
    ob_start(fn($b) => strtoupper($b));
    $d = new D; echo 'body '; exit(1);`;
  expect(await php.text(code)).toBe('BODY SHUTDOWN DESTROYED ');
});

test('exit in callbacks and shutdown functions ends the request only', async () => {
  const php = new Php();
  await php.get('ob_start(function ($b) { exit("x"); }); echo "y";');
  await php.get(
    'register_shutdown_function(function () { ob_start(fn() => exit()); echo 1; ' +
      'exit; });',
  );
  expect(await php.text('echo "sound";')).toBe('sound');
  expect(php.worker(0, 'requests')).toBe(3);
});

test('2 GB reach a reader, with the memory of one buffer', async () => {
  const php = new Php({ ini: { memory_limit: '16M', output_buffering: 0 } });
  const sink = new Collector();
  sink.keeps = false;
  const response = php.send(
    '$b = str_repeat("x", 1 << 20); for ($i = 0; $i < 2049; $i++) echo $b;',
    { sink },
  );
  await response.settled();
  expect(response.bytes).toBe(2049 * 2 ** 20);
  expect(response.errors).toEqual([]);
}, 400_000);

test('a script waits for a reader that pauses', async () => {
  const php = new Php();
  class Slow extends Collector {
    override wantsMore(): boolean {
      return false;
    }
  }
  const sink = new Slow();
  const code =
    '$b = str_repeat("y", 100000); for ($i = 0; $i < 10; $i++) echo $b; ' +
    'error_log("done");';
  const response = php.send(code, { sink });
  await until(() => response.bytes > 0, 'the first bytes');
  // The ring holds 256 KiB, so a megabyte cannot be done without reading.
  expect(php.log).toEqual([]);
  while (!response.isEnded) {
    response.exchange!.resume();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(response.body.toString()).toBe('y'.repeat(1_000_000));
});

test('a script stops at its next output when the client is gone', async () => {
  const php = new Php({ ini: { output_buffering: 0 } });
  const response = php.send(`
    register_shutdown_function(function () {
      error_log(json_encode([connection_status(), connection_aborted()]));
    });
    echo 'x'; flush(); ${waitForFile('go')}
    echo 'y'; flush(); error_log('not reached');`);
  await until(() => response.bytes === 1, 'the first byte');
  response.abort();
  php.file('go', '');
  await php.logged('[1,1]');
  expect(await php.text('echo "free"; error_log("last");')).toBe('free');
  await php.logged('last');
  expect(php.texts()).toEqual(['[1,1]', 'last']);
});

test('ignore_user_abort() lets a script run to its end', async () => {
  const php = new Php({ ini: { output_buffering: 0 } });
  const response = php.send(`
    ignore_user_abort(true);
    echo 'x'; flush(); ${waitForFile('go')} echo 'y'; flush();
    error_log('end ' . connection_status());`);
  await until(() => response.bytes === 1, 'the first byte');
  response.abort();
  php.file('go', '');
  await php.logged('end 1');
  expect(await php.text('echo connection_status(), ignore_user_abort();')).toBe('00');
});

test('a script that waits for a stalled reader is freed when that leaves', async () => {
  const php = new Php({ ini: { output_buffering: 0, max_execution_time: 0 } });
  class Stalled extends Collector {
    override wantsMore(): boolean {
      return false;
    }
  }
  const response = php.send('while (true) echo str_repeat("z", 8192);', {
    sink: new Stalled(),
  });
  await until(() => response.bytes > 0, 'the first bytes');
  response.abort();
  expect(await php.text('echo "free";')).toBe('free');
  expect(php.worker(0, 'requests')).toBe(2);
});
