import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composerTool } from '../apps/composer-tool.ts';
import { builtProduct, type Deployment, deploy, ownTree } from './product.ts';

let app: Deployment;
let root: string;

beforeAll(async () => {
  app = await deploy(await builtProduct('probe', await ownTree('probe')));
  root = (await app.command(['extract'])).stdout.trim();
});

afterAll(() => app?.[Symbol.asyncDispose]());

test('a tool of the app is found from any directory, whatever its name', async () => {
  const { status, stdout } = await app.phpCli(['bin/tool', '-a', '--b=c d', '--'], {
    cwd: '/usr',
    input: 'piped\n',
  });
  expect(JSON.parse(stdout)).toEqual({
    script: path.join(root, 'bin/tool'),
    arguments: ['-a', '--b=c d', '--'],
    directory: '/usr',
    input: 'piped\n',
  });
  expect(status).toBe(7);
});

test("a script in the caller's directory comes before the app's", async () => {
  const cwd = path.join(app.directory, 'work');
  await fs.mkdir(path.join(cwd, 'bin'), { recursive: true });
  await fs.writeFile(path.join(cwd, 'bin/tool'), '<?php echo "of the caller";');
  expect((await app.phpCli(['bin/tool'], { cwd })).stdout).toBe('of the caller');
  const missing = await app.phpCli(['no/such.php'], { cwd });
  expect(missing).toMatchObject({ status: 1 });
  expect(missing.stderr).toContain('Could not open input file: no/such.php');
});

test('flags, code from the command line and from standard input, exit status', async () => {
  expect((await app.phpCli(['-v'])).stdout).toMatch(/^PHP 8\.4\.\d+ \(cli\)/);
  expect((await app.phpCli(['-m'])).stdout).toContain('\npdo_sqlite\n');
  expect((await app.phpCli(['-d', 'memory_limit=5M', '--ri', 'core'])).stdout).toMatch(
    /memory_limit => 5M/,
  );
  expect((await app.phpCli([], { input: '<?php exit(3);' })).status).toBe(3);
  const lines = await app.phpCli(['-R', 'echo strrev($argn), "\\n";'], {
    input: 'ab\ncd',
  });
  expect(lines.stdout).toBe('ba\ndc\n');
  const fatal = await app.phpCli(['-r', 'throw new Exception("broken");']);
  expect(fatal.status).toBe(255);
  expect(fatal.stderr + fatal.stdout).toContain('broken');
});

test('the process is PHP itself: it gets the signals and its end is seen', async () => {
  const args = ['php-cli', 'bin/signals.php'];
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
    ['SIGHUP', 1],
  ] as const) {
    const child = app.spawn(app.binary, args);
    const output = text(child.stdout!);
    await once(child.stdout!, 'data');
    child.kill(signal);
    expect(await ended(child)).toEqual({ code: 5, signal: null });
    expect(await output).toBe(`ready\nsignal ${number}\n`);
  }
  const code = 'echo getmypid(); flush(); sleep(60);';
  const child = app.spawn(app.binary, ['php-cli', '-r', code]);
  const [pid] = (await once(child.stdout!, 'data')) as [Buffer];
  expect(Number(pid)).toBe(child.pid);
  child.kill('SIGINT');
  expect(await ended(child)).toEqual({ code: null, signal: 'SIGINT' });
});

test('on a terminal it sees the terminal', async () => {
  const code =
    'var_dump(stream_isatty(STDIN), posix_isatty(STDOUT), PHP_SAPI); echo fgets(STDIN);';
  const line = [app.binary, 'php-cli', '-r', code].map(quote).join(' ');
  const child = app.spawn('script', ['-qec', line, '/dev/null']);
  const output = text(child.stdout!);
  child.stdin!.write('typed\n');
  expect(await ended(child)).toMatchObject({ code: 0 });
  expect((await output).replaceAll('\r', '')).toMatch(
    /bool\(true\)\nbool\(true\)\nstring\(3\) "cli"\n[\s\S]*typed\n/,
  );
  child.stdin!.destroy();
});

test('child processes find the same PHP with the same settings, by every usual way', async () => {
  const { stdout, stderr, status } = await app.phpCli(['bin/children.php'], {
    env: { PATH: '/usr/bin:/bin' },
  });
  expect({ status, stderr, lines: stdout.trim().split('\n') }).toEqual({
    status: 0,
    stderr: '',
    lines: [
      'name in a shell: same',
      'name without a shell: same',
      'PHP_BINARY: same',
      'environment: same',
      'shebang: same',
    ],
  });
});

test("Composer's @php in a script is this PHP", async () => {
  const tool = path.join(app.directory, 'composer');
  await fs.cp(await composerTool(), tool, { recursive: true });
  const { stdout, stderr, status } = await app.phpCli(
    [
      '-d',
      `include_path=${tool}/usr/share/php`,
      `${tool}/usr/bin/composer`,
      '--no-interaction',
      'run-script',
      'which',
    ],
    { cwd: root, env: { PATH: '/usr/bin:/bin', HOME: app.directory } },
  );
  expect({ status, version: stdout.trim().split('\n').at(-1) }, stderr).toEqual({
    status: 0,
    version: (await app.phpCli(['-r', 'echo PHP_VERSION;'])).stdout,
  });
});

test('started by the name php, the file is PHP', async () => {
  const link = path.join(app.directory, 'php');
  await fs.symlink(app.binary, link);
  const child = app.spawn(link, ['-r', 'echo PHP_SAPI, " ", implode(",", $argv);', 'a']);
  const output = text(child.stdout!);
  expect(await ended(child)).toMatchObject({ code: 0 });
  expect(await output).toBe('cli Standard input code,a');
});

test('server and command line have the same php.ini and see the same database', async () => {
  const server = await app.serve();
  const posted = await fetch(`${server.url}/notes.php`, {
    method: 'POST',
    body: new URLSearchParams({ text: 'from a visitor' }),
  });
  expect(await posted.json()).toEqual(['from a visitor']);
  const code = 'require "notes.php"; echo ini_get("memory_limit");';
  const { stdout } = await app.phpCli(
    ['-r', `$_SERVER["REQUEST_METHOD"]="GET"; ${code}`],
    {
      cwd: root,
    },
  );
  expect(stdout).toBe('["from a visitor"]64M');
});

test('what PHP writes goes out unchanged, though it be a lot', async () => {
  const code = 'for ($i = 0; $i < 64; $i++) echo str_repeat(chr($i), 1 << 20);';
  const child = app.spawn(app.binary, ['php-cli', '-r', code]);
  const sizes = new Map<number, number>();
  for await (const chunk of child.stdout!) {
    for (const byte of chunk as Buffer) sizes.set(byte, (sizes.get(byte) ?? 0) + 1);
  }
  expect(sizes.size).toBe(64);
  expect(new Set(sizes.values())).toEqual(new Set([1 << 20]));
});

async function ended(child: ChildProcess) {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
