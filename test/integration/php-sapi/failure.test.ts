import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Php } from './php.ts';

const fatals: [string, string, RegExp][] = [
  ['an uncaught exception', 'throw new Exception("boom");', /Uncaught Exception: boom/],
  ['an undefined function', 'no_such_function();', /undefined function no_such_function/],
  [
    'memory_limit',
    'ini_set("memory_limit", "8M"); str_repeat("x", 1 << 24);',
    /Allowed memory size/,
  ],
  ['a type error', 'strlen([]);', /Argument #1/],
  ['a parse error', 'include __DIR__ . "/broken.inc";', /Unclosed '\('/],
  ['E_USER_ERROR', 'trigger_error("mine", E_USER_ERROR);', /mine/],
  [
    'endless recursion',
    'ini_set("memory_limit", "16M"); function f($x) { f($x + 1); } f(0);',
    /memory/,
  ],
];

test.each(fatals)(
  '%s gives 500, a log entry, and a sound worker',
  async (_what, code, message) => {
    const php = new Php();
    php.file('broken.inc', '<?php echo (');
    const response = await php.get(code);
    expect(response.status).toBe(500);
    expect(response.body.toString()).toBe('');
    expect(await php.logged(message)).toMatchObject({
      level: 'error',
      request: { scriptName: expect.any(String) },
    });
    expect(await php.text('echo memory_get_usage() < 1e6 ? "sound" : "full";')).toBe(
      'sound',
    );
    expect(php.worker(0, 'requests')).toBe(2);
  },
);

test('display_errors shows the error with the status the script chose', async () => {
  const php = new Php({ ini: { display_errors: 1 } });
  const response = await php.get(
    'http_response_code(418); echo "a "; no_such_function();',
  );
  expect(response.status).toBe(418);
  expect(response.body.toString()).toMatch(/^a \nFatal error: Uncaught Error/);
});

test('an error after the head was sent cannot change the status', async () => {
  const php = new Php({ ini: { output_buffering: 0 } });
  const response = await php.get('echo "a"; flush(); no_such_function();');
  expect(response.status).toBe(200);
  expect(response.body.toString()).toBe('a');
});

test('warnings and notices are logged with their level, and their request', async () => {
  const php = new Php();
  await php.get(
    'echo $undefined; trigger_error("n"); trigger_error("d", E_USER_DEPRECATED); ' +
      'error_log("mine");',
  );
  await php.logged('mine');
  expect(php.log.map((entry) => [entry.level, entry.text.split(' in ')[0]])).toEqual([
    ['warning', 'PHP Warning:  Undefined variable $undefined'],
    ['notice', 'PHP Notice:  n'],
    ['info', 'PHP Deprecated:  d'],
    ['notice', 'mine'],
  ]);
  for (const entry of php.log) expect(entry.request?.remoteAddress).toBe('192.0.2.7');
});

test('a long log text arrives whole, with its lines', async () => {
  const php = new Php();
  await php.get('error_log(str_repeat("\u00e4", 10000) . "\\nline two\\n\\n");');
  await php.logged(`${'\u00e4'.repeat(10_000)}\nline two`);
});

test('what scripts write to stderr and stdout of the process is logged', async () => {
  const php = new Php();
  await php.get(
    'file_put_contents("php://stderr", "to stderr\\n"); ' +
      'file_put_contents("php://stdout", "to stdout\\n");',
  );
  await php.logged('to stderr');
  await php.logged('to stdout');
});

test('error_log in php.ini names a file', async () => {
  const php = new Php();
  const code =
    'ini_set("error_log", __DIR__ . "/my.log"); error_log("to file"); ' +
    'readfile(__DIR__ . "/my.log");';
  expect(await php.text(code)).toMatch(/^\[.*\] to file\n$/);
  expect(php.log).toEqual([]);
});

test('max_execution_time ends a busy script, with the chance to clean up', async () => {
  const php = new Php({ ini: { max_execution_time: 1 } });
  const code = 'register_shutdown_function(fn() => print("cleaned")); while (true) {}';
  const response = await php.get(code);
  expect(response.status).toBe(500);
  expect(response.body.toString()).toBe('cleaned');
  await php.logged(/Maximum execution time of 1 second exceeded/);
  expect(await php.text('echo ini_get("max_execution_time");')).toBe('1');
});

test('set_time_limit() is for its own request', async () => {
  const php = new Php({ ini: { max_execution_time: 30 } });
  // Processor time, which is what PHP limits.
  const spin =
    '$cpu = fn() => ($u = getrusage())["ru_utime.tv_sec"] + $u["ru_stime.tv_sec"];' +
    '$end = $cpu() + 3; while ($cpu() < $end) {} echo "spun";';
  expect((await php.get(`set_time_limit(1); ${spin}`)).status).toBe(500);
  expect(await php.text(spin)).toBe('spun');
});

test.each(['exit(7);', 'exit("bye");', 'die(); '])('%s is no failure', async (code) => {
  const php = new Php();
  const response = await php.get(code);
  expect(response.status).toBe(200);
  expect(response.failure).toBeNull();
});

test('a script that is gone gives 404, one that may not be read 403 or 500', async () => {
  const php = new Php();
  const missing = await php.sendTo('/no/such/dir/index.php').settled();
  expect(missing.status).toBe(404);
  expect(missing.body.toString()).toBe('No input file specified.\n');
  const gone = await php.sendTo('/gone.php').settled();
  expect(gone.status).toBe(500);
  await php.logged(/Unable to open primary script: .*no\/such\/dir/);
  await php.logged(/Failed opening required .*gone\.php/);
});

test('a cascade of failures ends one request, and nothing more', async () => {
  const php = new Php();
  const code = `
    class D { function __destruct() { no_such_function('in a destructor'); } }
    set_error_handler(function () { throw new Exception('in the error handler'); });
    set_exception_handler(function () { no_such_function('in the exception handler'); });
    register_shutdown_function(function () { throw new Exception('shutdown'); });
    register_shutdown_function(function () { str_repeat('x', PHP_INT_MAX); });
    header_register_callback(function () { no_such_function('in the header callback'); });
    ob_start(function ($b) { trigger_error('in a callback'); return $b; });
    session_set_save_handler(new class extends SessionHandler {
      function write($id, $data): bool { throw new Exception('in the session'); }
    });
    session_start(); $_SESSION['a'] = new D; $d = new D; echo 'body'; echo $undefined;`;
  for (let i = 0; i < 5; i++) expect((await php.get(code)).failure).toBeNull();
  expect(await php.text('echo "sound", ob_get_level(), memory_get_usage() < 1e6;')).toBe(
    'sound01',
  );
  expect(php.worker(0, 'requests')).toBe(6);
});

test('a flood of log entries slows a script down, and loses none of them', async () => {
  const php = new Php();
  await php.get('for ($i = 0; $i < 3000; $i++) error_log("$i " . str_repeat("x", 500));');
  await php.logged(/^2999 /);
  expect(php.log).toHaveLength(3000);
  expect(php.texts().every((text, i) => text.startsWith(`${i} `))).toBe(true);
});

test('a front that is busy for long does not hold a script that logs', async () => {
  const php = new Php();
  const done = join(php.docroot, 'done');
  php.send(`
    for ($i = 0; $i < 500; $i++) error_log("$i " . str_repeat('x', 1000));
    touch(__DIR__ . '/done'); sleep(1); error_log('after');`);
  await php.pool.ready;
  // The log pipe holds 64 KiB, and nobody reads it while this thread sleeps.
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 400 && !existsSync(done); i++) Atomics.wait(cell, 0, 0, 100);
  expect(existsSync(done)).toBe(true);
  await php.logged('after');
  await php.logged(/^\d+ log entries before this one are lost/);
});

test('a form too large for memory_limit gives 500 and leaves no file', async () => {
  const php = new Php({ ini: { memory_limit: '2M', post_max_size: '20M' } });
  const body =
    '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nfile\r\n' +
    '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' +
    `${'x'.repeat(5_000_000)}\r\n--b--\r\n`;
  const contentType = 'multipart/form-data; boundary=b';
  const response = await php.get('echo "not run";', { body, contentType });
  expect(response.status).toBe(500);
  expect(response.body.toString()).toBe('');
  await php.logged(/Allowed memory size/);
  expect(await php.text('echo "sound";')).toBe('sound');
  expect(readdirSync(php.root).toSorted()).toEqual(['php.ini', 'web']);
});
