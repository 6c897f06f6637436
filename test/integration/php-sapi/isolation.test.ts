import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Php } from './php.ts';

test('random numbers of workers and requests have nothing in common', async () => {
  const php = new Php({ workers: 4 });
  const code =
    'usleep(20000); echo mt_rand(), " ", random_int(0, PHP_INT_MAX), " ", ' +
    'uniqid("", true), " ", lcg_value(), " ", bin2hex(random_bytes(8)), " ", ' +
    'spl_object_hash(new stdClass), " ", session_create_id();';
  const all = Array.from({ length: 16 }, () => php.send(code));
  const columns: Set<string>[] = Array.from({ length: 5 }, () => new Set());
  for (const one of all) {
    const values = (await one.settled()).body.toString().split(' ');
    for (const [i, column] of columns.entries()) column.add(values[i]!);
  }
  expect(columns.map((column) => column.size)).toEqual([16, 16, 16, 16, 16]);
});

test('auto_prepend_file and auto_append_file frame every script', async () => {
  const php = new Php();
  const before = php.file('before.inc', '<?php echo "[";');
  const after = php.file('after.inc', '<?php echo "]";');
  const framed = new Php({ ini: { auto_prepend_file: before, auto_append_file: after } });
  expect(await framed.text('echo "x";')).toBe('[x]');
  expect(await framed.text('echo "x"; exit;')).toBe('[x');
});

test('a script starts in its directory and knows its own file', async () => {
  const php = new Php();
  php.file(
    'sub/dir/index.php',
    '<?php include "part.php"; echo " ", __FILE__, " ", getcwd(), " ", ' +
      'get_included_files()[0], " ", getlastmod() > 0;',
  );
  php.file('sub/dir/part.php', '<?php echo "part";');
  const response = await php.sendTo('/sub/dir/index.php').settled();
  const dir = join(php.docroot, 'sub/dir');
  expect(response.body.toString()).toBe(
    `part ${dir}/index.php ${dir} ${dir}/index.php 1`,
  );
});

test('programs that a script starts inherit nothing of the channel', async () => {
  const php = new Php();
  const descriptors = await php.text('echo shell_exec("ls -l /proc/self/fd");');
  expect(descriptors).not.toMatch(/memfd|eventfd|socket/);
  expect(descriptors.match(/pipe/g)).toHaveLength(2);
  // Bits 32 and 33 are libc's own.
  const signals = await php.text('echo shell_exec("grep ^Sig /proc/self/status");');
  expect(signals).toMatch(/SigBlk:\t0+\nSigIgn:\t0{7}[01][08]0{7}\n/);
});

test('a script cannot open the channel through php://fd', async () => {
  const php = new Php();
  expect(await php.text('echo json_encode(@file_get_contents("php://fd/3"));')).toBe(
    'false',
  );
});

test('pcntl_signal() and pcntl_alarm() work for their own request', async () => {
  const php = new Php();
  const code = `
    pcntl_async_signals(true);
    pcntl_signal(SIGALRM, function () use (&$rung) { $rung = true; });
    pcntl_signal(SIGTERM, function () { echo 'term '; });
    posix_kill(getmypid(), SIGTERM);
    pcntl_alarm(1);
    while (!$rung) usleep(1000);
    echo 'alarm';`;
  expect(await php.text(code)).toBe('term alarm');
  expect(await php.text('usleep(1200000); echo "undisturbed";')).toBe('undisturbed');
});

test('proc_terminate() ends a program, however early it comes', async () => {
  const php = new Php();
  const code = `
    for ($i = 0; $i < 100; $i++) {
      $p = proc_open(['sleep', '60'], [], $pipes);
      proc_terminate($p);
      while (($s = proc_get_status($p))['running']) usleep(100);
      if ($s['termsig'] !== SIGTERM) exit('survived');
    }
    echo 'all ended';`;
  expect(await php.text(code)).toBe('all ended');
});

test('a forked child of a script cannot answer, and takes no requests', async () => {
  const php = new Php();
  const code = `
    echo 'parent';
    register_shutdown_function(fn() => touch(__DIR__ . '/shutdown-' . getmypid()));
    if (pcntl_fork() === 0) {
      echo 'child'; flush(); error_log('child ' . getmypid());
      touch(__DIR__ . '/child');
      exit(5);
    }
    pcntl_wait($status); echo pcntl_wexitstatus($status);`;
  for (let i = 0; i < 3; i++) expect(await php.text(code)).toBe('parent5');
  expect(existsSync(join(php.docroot, 'child'))).toBe(true);
  await php.logged(/^child \d+$/);
  expect(await php.text('echo "sound";')).toBe('sound');
});

test('a forked child may outlive its request, and its worker goes on', async () => {
  const php = new Php();
  const code = `
    if (pcntl_fork() === 0) {
      while (!file_exists(__DIR__ . '/go')) { clearstatcache(); usleep(1000); }
      echo 'late'; error_log('late ' . $_SERVER['HTTP_X_A']); exit;
    }
    echo 'parent';`;
  expect(await php.text(code, { headers: ['X-A: 1'] })).toBe('parent');
  expect(await php.text('echo "other";', { headers: ['X-A: 2'] })).toBe('other');
  php.file('go', '');
  await php.logged('late 1');
  expect(await php.text('echo "other";')).toBe('other');
});

test('process functions work as closures, too', async () => {
  const php = new Php();
  const code = `
    $nice = proc_nice(...); $signal = Closure::fromCallable('pcntl_signal');
    $before = pcntl_getpriority();
    echo json_encode([$nice(3), pcntl_getpriority() - $before,
      $signal(SIGUSR1, fn () => 1), is_callable(pcntl_signal_get_handler(SIGUSR1))]);`;
  expect(await php.json(code)).toEqual([true, 3, true, true]);
});

test.each([
  'chroot("/");',
  '$f = proc_nice(...); $f(5);',
  'pcntl_alarm(1);',
  'pcntl_signal(SIGTERM, SIG_IGN);',
  'pcntl_sigprocmask(SIG_BLOCK, [SIGTERM]);',
  'proc_nice(5);',
  'posix_setrlimit(POSIX_RLIMIT_NOFILE, 20, 20);',
  'posix_setegid(65534);',
])('%s ends with its request, by a fresh worker', async (code) => {
  const php = new Php();
  const first = await php.text(`${code} echo getmypid();`);
  const second = await php.text(
    'for ($i = 0; $i < 30; $i++) usleep(50000); $s = ' +
      'file_get_contents("/proc/self/status");' +
      'preg_match_all("/^(SigBlk|SigIgn|Gid):.*/m", $s, $m);' +
      'echo json_encode([getmypid(), pcntl_getpriority(), $m[0], ' +
      'posix_getrlimit()["soft openfiles"]]);',
  );
  const [pid, priority, status, files] = JSON.parse(second) as [
    number,
    number,
    string[],
    number,
  ];
  expect(pid).not.toBe(Number(first));
  expect(priority).toBe(Number(await php.text('echo pcntl_getpriority();')));
  expect(status.join()).toMatch(
    /Gid:\t(\d+)\t\1\t\1\t\1,SigBlk:\t0+,SigIgn:\t0{7}[01][08]0{7}$/,
  );
  expect(files).toBeGreaterThan(20);
  expect(php.log).toEqual([]);
});
