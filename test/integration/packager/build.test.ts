import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  hello,
  phpack,
  repository,
  run,
  type Scratch,
  scratchDirectory,
  start,
  unfinishedFile,
} from './phpack.ts';

let scratch: Scratch;
let app: string;
let out: string;
let output: string;

beforeEach(() => {
  scratch = scratchDirectory();
  app = join(scratch.path, 'hello');
  cpSync(hello, app, { recursive: true });
  out = join(scratch.path, 'out');
  mkdirSync(out);
  output = join(out, 'server');
});

afterEach(() => scratch[Symbol.dispose]());

/** An app whose packing takes seconds, so that there is time to disturb it. */
function makeHuge(): void {
  for (const name of ['1', '2', '3']) {
    writeFileSync(join(app, name), '');
    truncateSync(join(app, name), 1 << 30);
  }
}

test('an app becomes a proved product, and the same app the same bytes', async () => {
  const first = await phpack('build', app, '-o', output).finished;
  expect([first.status, first.stderr]).toEqual([0, expect.stringContaining('✓ prove')]);
  expect(first.stdout).toMatch(/proof +answers 200/);
  const bytes = readFileSync(output);
  const second = await phpack('build', app, '-o', output).finished;
  expect(second.status).toBe(0);
  expect(readFileSync(output).equals(bytes)).toBe(true);
  const inspected = await phpack('inspect', output).finished;
  expect(inspected.stdout).toMatch(/verified +all parts match/);
  expect(readdirSync(out)).toEqual(['server']);
});

test("npx phpack works with the system's own Node", async () => {
  const { status, stdout } = await run(join(repository, 'packager/bin.mjs'), ['targets']);
  expect([status, stdout]).toEqual([0, expect.stringContaining('linux-x64-gnu')]);
  const wrong = await run(join(repository, 'packager/bin.mjs'), [
    'build',
    '/nowhere',
    '-o',
    'x',
  ]);
  expect([wrong.status, wrong.stderr]).toEqual([4, expect.stringContaining('/nowhere')]);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s while packing leaves what was there before',
  async (signal) => {
    makeHuge();
    writeFileSync(output, 'the old one');
    const { child, finished } = phpack('build', app, '-o', output, '--no-prove');
    await unfinishedFile(out);
    child.kill(signal);
    const { status, stderr } = await finished;
    expect([status, stderr]).toEqual([
      130,
      expect.stringContaining('PHPACK_E_INTERRUPTED'),
    ]);
    expect(readdirSync(out)).toEqual(['server']);
    expect(readFileSync(output, 'utf8')).toBe('the old one');
  },
);

test('a signal to npx phpack reaches the build', async () => {
  makeHuge();
  const words = ['build', app, '-o', output, '--no-prove'];
  const { child, finished } = start(join(repository, 'packager/bin.mjs'), words);
  await unfinishedFile(out);
  child.kill('SIGINT');
  expect((await finished).status).toBe(130);
  expect(readdirSync(out)).toEqual([]);
});

test('a killed build leaves one hidden file, which the next build removes', async () => {
  makeHuge();
  const { child, finished } = phpack('build', app, '-o', output, '--no-prove');
  const unfinished = await unfinishedFile(out);
  child.kill('SIGKILL');
  await finished;
  expect(readdirSync(out)).toEqual([unfinished]);
  const next = await phpack('build', hello, '-o', output, '--no-prove').finished;
  expect(next.status).toBe(0);
  expect(readdirSync(out)).toEqual(['server']);
});

/**
 * Builds below a shell that restricts it first; then lists what is in the output's
 * directory, as a disk that is mounted there exists only for this shell.
 */
function buildRestricted(setUp: string): ReturnType<typeof run> {
  const script = `${setUp} || exit 99; "$@"; status=$?; ls -A '${out}' >&2; exit $status`;
  const cli = join(repository, 'packager/cli.ts');
  const words = [process.execPath, cli, 'build', app, '-o', output, '--no-prove'];
  const shell = ['sh', '-c', script, 'sh', ...words];
  return run('unshare', ['--map-root-user', '--mount', ...shell]);
}

test.each([
  ['a full disk', () => `mount -t tmpfs -o size=50m tmpfs '${out}'`],
  // In blocks of 512 bytes: less than the base alone.
  ['a limit of file sizes', () => 'ulimit -f 100000'],
])('%s: the error says so, and nothing is left', async (_, setUp) => {
  const { status, stderr } = await buildRestricted(setUp());
  expect([status, stderr]).toEqual([7, expect.stringContaining('[PHPACK_E_DISK_FULL]')]);
  expect(stderr).toMatch(/What to do: Free some space.*\n$/);
});

test.each([
  ['its files', "require __DIR__ . '/missing.php';", 'missing.php'],
  [
    'what Composer checks for', // in vendor/composer/platform_check.php
    "trigger_error('Composer detected issues in your platform: PHP', E_USER_ERROR);",
    'issues in your platform',
  ],
])('a front page without %s is no product', async (_, code, said) => {
  writeFileSync(join(app, 'index.php'), `<?php ${code}`);
  const { status, stderr } = await phpack('build', app, '-o', output).finished;
  expect([status, stderr]).toEqual([9, expect.stringContaining('[PHPACK_E_PROVE]')]);
  expect(stderr).toContain(said);
  expect(readdirSync(out)).toEqual([]);
});

test('a front page that kills PHP is no product', async () => {
  writeFileSync(join(app, 'index.php'), '<?php posix_kill(getmypid(), SIGKILL);');
  const { status, stderr } = await phpack('build', app, '-o', output).finished;
  expect([status, stderr]).toEqual([9, expect.stringContaining('answered 502')]);
  expect(readdirSync(out)).toEqual([]);
});

test('an app that lacks its settings here is a product, with a warning', async () => {
  writeFileSync(
    join(app, 'index.php'),
    '<?php http_response_code(500); echo "no database";',
  );
  const { status, stderr, stdout } = await phpack('build', app, '-o', output).finished;
  expect([status, stderr]).toEqual([
    0,
    expect.stringContaining('! the front page answered 500'),
  ]);
  expect(stdout).toMatch(/proof +answers 500/);
});

test('a php.ini that PHP cannot read is no product: it would not start', async () => {
  writeFileSync(join(app, 'php.ini'), 'precision = (5\n');
  const { status, stderr } = await phpack('build', app, '-o', output).finished;
  expect([status, stderr]).toEqual([9, expect.stringContaining('syntax error')]);
});

test('what PHP says of its php.ini is a warning', async () => {
  writeFileSync(join(app, 'php.ini'), 'extension = nothing\n');
  const { status, stderr } = await phpack('build', app, '-o', output).finished;
  expect([status, stderr]).toEqual([
    0,
    expect.stringMatching(/! PHP reports errors in php\.ini:\n.*PHP Startup:/),
  ]);
});

test('what an app writes where its code is, is a warning', async () => {
  const script = `<?php file_put_contents(__DIR__ . '/hits.txt', 'x', FILE_APPEND);`;
  writeFileSync(join(app, 'index.php'), script);
  const { status, stderr } = await phpack('build', app, '-o', output).finished;
  expect([status, stderr]).toEqual([
    0,
    expect.stringMatching(
      /! the app (wrote|could not write) .*`writable` in phpack\.json/,
    ),
  ]);
});
