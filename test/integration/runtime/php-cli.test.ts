import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { subjectPhp } from '../../conformance/subject.ts';
import { completeConfig } from '../../unit/runtime/payload/craft.ts';
import { finish, main, scratchDirectory, testProduct } from './product.ts';

const scratch = scratchDirectory();
afterAll(() => scratch[Symbol.asyncDispose]());
const data = join(scratch.path, 'data');
const cwd = join(scratch.path, 'cwd');
mkdirSync(cwd);

const product = await testProduct(
  join(scratch.path, 'product'),
  [
    {
      name: 'bin/where',
      content: '<?php echo __FILE__, "|", getcwd(), "|", implode(",", $argv);',
    },
    { name: 'both.php', content: '<?php echo "app";' },
    {
      name: 'shell',
      content:
        '#!/bin/sh\necho "sh $1"; "$PHP_BINARY" -r "echo 6 * 7;"; php -r "exit(5);"',
    },
    { name: 'php.ini', content: 'precision = 7\nmemory_limit = 99M\n' },
  ],
  {
    php: readFileSync(subjectPhp()),
    config: {
      ...completeConfig,
      php: {
        ini: { memory_limit: '77M', error_reporting: 'E_ALL & ~E_NOTICE' },
        env: { FROM_VENDOR: 'vendor in {data}', BOTH: 'vendor' },
        extensions: [],
      },
    },
  },
);
const php = (...args: string[]) =>
  product.run(['--data-dir', data, 'php-cli', ...args], { cwd });
const tree = (await product.run(['extract', '--data-dir', data])).stdout.trim();

describe('the script', () => {
  test("of the app is found from any directory; the directory stays the caller's", async () => {
    const { stdout } = await php('bin/where', 'a', '-v', '--', 'b');
    expect(stdout).toBe(`${tree}/bin/where|${cwd}|${tree}/bin/where,a,-v,--,b`);
    expect((await php('-f', 'bin/where')).stdout).toContain(`${tree}/bin/where|`);
  });

  test("the caller's own comes first", async () => {
    expect((await php('both.php')).stdout).toBe('app');
    writeFileSync(join(cwd, 'both.php'), '<?php echo "mine";');
    expect((await php('both.php')).stdout).toBe('mine');
  });

  test('for sh is run by sh, which finds our php', async () => {
    expect(await php('shell', 'word')).toMatchObject({
      status: 5,
      stdout: 'sh word\n42',
    });
  });

  test('that nobody has is the error of the real command line', async () => {
    const { status, stdout, stderr } = await php('missing.php');
    expect(stdout + stderr).toContain('Could not open input file: missing.php');
    expect(status).toBe(1);
  });
});

describe('it is the real command line', () => {
  test('exit status, standard input, standard error', async () => {
    expect((await php('-r', 'exit(42);')).status).toBe(42);
    const piped = await product.run(['--data-dir', data, 'php-cli'], {
      input: '<?php echo strrev(trim(fgets(STDIN) ?: "none")); fwrite(STDERR, "err");',
    });
    expect(piped).toMatchObject({ status: 0, stdout: 'enon', stderr: 'err' });
    const read = await product.run(
      ['--data-dir', data, 'php-cli', '-r', 'echo stream_get_contents(STDIN);'],
      { input: 'x'.repeat(200_000) },
    );
    expect(read.stdout.length).toBe(200_000);
  });

  test('-d, -i, -l, --ini, -m', async () => {
    expect(
      (await php('-d', 'memory_limit=1G', '-r', 'echo ini_get("memory_limit");')).stdout,
    ).toBe('1G');
    expect((await php('-l', 'both.php')).stdout).toContain('No syntax errors');
    expect((await php('-m')).stdout).toContain('standard');
    expect((await php('--ini')).stdout).toMatch(/Loaded Configuration File: +\S+\.ini/);
    expect((await php('-v')).stdout).toMatch(/^PHP 8\.\d+\.\d+ \(cli\)/);
  });

  test('the same process id, and death by a signal', async () => {
    const child = product.start(
      ['--data-dir', data, 'php-cli', '-r', 'echo getmypid(), "\n"; sleep(60);'],
      { cwd },
    );
    const ended = finish(child);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    child.kill('SIGTERM');
    const { signal, stdout } = await ended;
    expect(signal).toBe('SIGTERM');
    expect(Number(stdout)).toBe(child.pid);
  });

  const hasScript = existsSync('/usr/bin/script');
  test.runIf(hasScript)('a terminal stays a terminal', async () => {
    const words = [product.file, main, '--data-dir', data, 'php-cli', '-r'];
    const code =
      "'echo (int) stream_isatty(STDIN), (int) stream_isatty(STDOUT), PHP_EOL;'";
    const child = spawn('script', ['-qec', [...words, code].join(' '), '/dev/null']);
    expect((await finish(child)).stdout.trim()).toBe('11');
  });

  test('no more open descriptors than when it is started directly', async () => {
    const code = 'echo implode(" ", array_diff(scandir("/proc/self/fd"), [".", ".."]));';
    const plain = await finish(spawn(subjectPhp(), ['-n', '-r', code]));
    expect((await php('-r', code)).stdout).toBe(plain.stdout);
  });
});

describe('configuration and environment', () => {
  test('php.ini of the app, then the configuration, then --define', async () => {
    const code =
      'echo ini_get("precision"), " ", ini_get("memory_limit"), " ", error_reporting();';
    expect((await php('-r', code)).stdout).toBe('7 77M 30711');
    const args = ['--data-dir', data, '-d', 'precision=3', 'php-cli', '-r', code];
    expect((await product.run(args)).stdout).toBe('3 77M 30711');
  });

  test('a directive may name an environment variable, as in any php.ini', async () => {
    const define = "user_agent=${MINE} isn't ${NONE:-none}";
    const words = ['php-cli', '-r', 'echo ini_get("user_agent");'];
    const run = await product.run(['--data-dir', data, '-d', define, ...words], {
      env: { MINE: 'a;"b\\' },
    });
    expect(run.stdout).toBe('a;"b\\ isn\'t none');
  });

  test('PHP reads every default as it was meant', async () => {
    const names = [
      'display_errors',
      'post_max_size',
      'session.save_path',
      'variables_order',
    ];
    const code = `foreach (${JSON.stringify(names)} as $n) echo ini_get($n), "\n";`;
    expect((await php('-r', code)).stdout.split('\n')).toEqual([
      '0',
      String(128 << 20),
      join(data, 'sessions'),
      'EGPCS',
      '',
    ]);
    expect((await php('-r', 'echo sys_get_temp_dir();')).stdout).toBe(join(data, 'tmp'));
    const { stdout, stderr } = await php('-d', 'display_startup_errors=1', '-r', '');
    expect(stdout + stderr).toBe('');
  });

  test("the caller's variables go through and win, the vendor's fill in", async () => {
    const code = 'echo getenv("FROM_VENDOR"), "|", getenv("BOTH"), "|", $_ENV["MINE"];';
    const run = await product.run(['--data-dir', data, 'php-cli', '-r', code], {
      env: { BOTH: 'caller', MINE: '1' },
    });
    expect(run.stdout).toBe(`vendor in ${data}|caller|1`);
  });

  test('children find the same php with the same php.ini', async () => {
    const inner = 'echo PHP_BINARY, " ", ini_get("memory_limit"), "\n";';
    const code = `$c = ' -r ' . escapeshellarg(${JSON.stringify(inner).replaceAll('$', '\\$')});
      echo shell_exec('php' . $c), shell_exec(PHP_BINARY . $c), shell_exec(getenv('PHP_BINARY') . $c);`;
    const lines = (await php('-r', code)).stdout.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(new Set(lines).size).toBe(1);
    expect(lines[0]).toMatch(new RegExp(`^${data}/bin/[0-9a-f]{64}/php 77M$`));
  });

  test('php of a script does not run without its php.ini', async () => {
    const code =
      'unlink(getenv("PHPRC")); passthru("php -r 1 2>&1", $status); echo $status;';
    const args = ['--data-dir', data, '-d', 'precision=2', 'php-cli', '-r', code];
    const { stdout } = await product.run(args);
    expect(stdout).toMatch(/PHPACK_E_PHP_START: there is no php\.ini at \S+\n78$/);
  });

  test.each([`a b'c"`, 'a$HOME`x`', String.raw`\a\ [1]{data}{app}`, 'ä=%&|~,@#!?*(<>'])(
    'sessions, temporary files and children work in a directory named %j',
    async (name) => {
      const place = join(scratch.path, name);
      const code = `session_start(); session_write_close();
        echo dirname(tempnam(sys_get_temp_dir(), 'x')), "\n", count(glob('sess_*')), "\n";
        echo shell_exec('php -r "echo ini_get(\\'memory_limit\\');"'), "\\n", PHP_BINARY;`;
      const args = ['--data-dir', place, 'php-cli', '-r', code];
      await product.run(['extract', '--data-dir', place]);
      const run = await product.run(args, { cwd: join(place, 'sessions') });
      expect(run.stderr).toBe('');
      const [temporary, sessions, limit, binary] = run.stdout.split('\n');
      expect([temporary, sessions, limit]).toEqual([join(place, 'tmp'), '1', '77M']);
      expect(binary).toContain(`${place}/bin/`);
    },
  );

  test('config shows what php-cli uses', async () => {
    const { stdout } = await product.run(['config', '--json', '--data-dir', data]);
    const report = JSON.parse(stdout) as { paths: Record<string, string>; ini: string };
    expect((await php('-r', 'echo php_ini_loaded_file();')).stdout).toBe(
      report.paths['php.ini'],
    );
    expect(report.paths['app']).toBe(tree);
    expect(readFileSync(report.paths['php.ini']!, 'utf8')).toBe(report.ini);
  });

  test('a broken directive is refused with a code', async () => {
    const run = await product.run(['--data-dir', data, '-d', 'a b=1', 'php-cli', '-v']);
    expect(run.status).toBe(3);
    expect(run.stderr).toContain('PHPACK_E_INI');
  });
});

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;
test.runIf(canMount)('on a file system mounted noexec', async () => {
  const dir = join(scratch.path, 'noexec');
  mkdirSync(dir, { mode: 0o700 });
  const script = `mount -t tmpfs -o noexec,mode=700 tmpfs "$0" && exec "$@"`;
  const code = 'echo PHP_VERSION, "|", PHP_BINARY, "|", getenv("PHP_BINARY");';
  const words = [product.file, main, '--data-dir', dir, 'php-cli', '-r', code];
  const run = await finish(spawn('unshare', ['-m', 'sh', '-c', script, dir, ...words]));
  expect(run.stdout).toMatch(new RegExp(`^8\\.[\\d.]+\\|\\|${dir}/run/php-\\w+/php$`));
  expect(run.status).toBe(0);
});
