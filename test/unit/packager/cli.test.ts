import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runCli } from '../../../packager/cli.ts';
import { asPackagerError } from '../../../packager/errors.ts';
import { recordingIo } from './io.ts';
import { type TemporaryTree, temporaryTree } from './tree.ts';

let tree: TemporaryTree | undefined;
afterEach(() => tree?.[Symbol.dispose]());

test.each([
  [['buidl', 'x'], /unknown command 'buidl'/],
  [['build', 'x'], /required option '-o, --output <file>' not specified/],
  [['build', '-o', 'y'], /missing required argument 'directory'/],
  [['build', 'x', '-o', 'y', '--frist'], /unknown option '--frist'/],
  [['inspect', 'a', 'b'], /too many arguments/],
  [
    ['build', 'x', '-o', 'y', '--locked', '--allow-substitutes'],
    /'--locked' cannot be used with option '--allow-substitutes'/,
  ],
  [[], /a command is missing/],
])('phpack %j says what is wrong and ends with 2', async (argv, message) => {
  const io = recordingIo();
  expect(await runCli(argv, io)).toBe(2);
  expect(io.err).toMatch(message);
  expect(io.err).toMatch(/^phpack: \[PHPACK_E_USAGE\] /);
  expect(io.err).toMatch(/\n {2}What to do: Run `phpack help`/);
  expect(io.out).toBe('');
});

test('help and version go to standard output', async () => {
  const io = recordingIo();
  expect(await runCli(['help'], io)).toBe(0);
  expect(await runCli(['build', '--help'], io)).toBe(0);
  expect(await runCli(['--version'], io)).toBe(0);
  expect(io.out).toMatch(
    /build \[options\] <directory>[^]*--no-prove[^]*\d+\.\d+\.\d+\n$/,
  );
  expect(io.err).toBe('');
});

test('a failure has code, cause, remedy and its own exit status', async () => {
  const io = recordingIo();
  expect(await runCli(['build', '/nowhere', '-o', '/tmp/x'], io)).toBe(4);
  expect(io.err).toBe(
    'phpack: [PHPACK_E_NO_DIRECTORY] /nowhere: does not exist.\n' +
      '  What to do: Name the directory of the application, where its composer.json is.\n',
  );
});

test('a full disk below the cache is no fault of phpack', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
  });
  expect(asPackagerError(full)).toMatchObject({
    code: 'PHPACK_E_DISK_FULL',
    remedy: expect.stringContaining('XDG_CACHE_HOME'),
  });
});

test('an unknown target is named', async () => {
  const io = recordingIo();
  expect(await runCli(['build', '.', '-o', 'x', '--target', 'windows'], io)).toBe(3);
  expect(io.err).toContain('[PHPACK_E_TARGET] there is no target windows');
});

test('targets lists what can be built for', async () => {
  const io = recordingIo();
  expect(await runCli(['targets'], io)).toBe(0);
  expect(io.out).toMatch(/^linux-x64-gnu \(default\): Linux/);
});

test('init writes what is recognised, once', async () => {
  tree = temporaryTree({ 'public/index.php': '', artisan: '', 'bootstrap/app.php': '' });
  const io = recordingIo(tree.root);
  expect(await runCli(['init'], io)).toBe(0);
  const file = join(tree.root, 'phpack.json');
  const written = readFileSync(file, 'utf8');
  expect(JSON.parse(written)).toMatchObject({
    template: 'laravel',
    documentRoot: 'public',
  });
  expect(io.out).toContain('Laravel');
  expect(await runCli(['init'], io)).toBe(3);
  expect(io.err).toContain('[PHPACK_E_CONFIG_EXISTS]');
  expect(readFileSync(file, 'utf8')).toBe(written);
});
