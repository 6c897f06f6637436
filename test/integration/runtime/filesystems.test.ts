import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  finish,
  main,
  type RunResult,
  scratchDirectory,
  testProduct,
} from './product.ts';

const scratch = scratchDirectory();
afterAll(() => scratch[Symbol.asyncDispose]());
// Other users run the product in here.
chmodSync(scratch.path, 0o755);

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;
const nobody = 65534;
const product = await testProduct(
  join(scratch.path, 'product'),
  [{ name: 'big.bin', content: Buffer.alloc(1 << 20, 'x') }],
  { php: readFileSync('/usr/bin/env') },
);
const files = await testProduct(
  join(scratch.path, 'files'),
  Array.from({ length: 100 }, (_, i) => ({ name: `f${i}`, content: 'x' })),
);
let count = 0;

/**
 * Runs the product in a mount namespace of its own, with a file system of these mount
 * options on its data directory, and then shows what is there.
 */
function runMounted(
  options: string,
  file: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<RunResult> {
  const dir = join(scratch.path, `mount${++count}`);
  mkdirSync(dir, { mode: 0o700 });
  const script = `mount -t tmpfs -o mode=700,${options} tmpfs "$0" || exit 99
    "$@"; status=$?
    find "$0" -mindepth 1 -printf 'left %P\\n'
    exit $status`;
  const words = ['-m', 'sh', '-c', script, dir, file, main, '--data-dir', dir, ...args];
  const path = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  return finish(spawn('unshare', words, { env: { ...path, ...environment }, cwd: '/' }));
}

const codeOf = (run: RunResult): string | undefined =>
  /PHPACK_E_\w+/.exec(run.stderr)?.[0];

/** What is neither a directory made at every start nor a lock. */
function leftovers({ stdout }: RunResult): string[] {
  return [...stdout.matchAll(/^left (.*)$/gm)]
    .map((match) => match[1]!)
    .filter((path) => /^(app|bin)\/./.test(path) && path !== 'app/.lock')
    .filter((path) => !/^bin\/[0-9a-f]{64}/.test(path));
}

describe.runIf(canMount)('a file system without space', () => {
  test('too small for the app: said before writing, with numbers', async () => {
    const run = await runMounted('size=900k', product.file, ['extract']);
    expect([run.status, codeOf(run)]).toEqual([5, 'PHPACK_E_DISK_FULL']);
    expect(run.stderr).toMatch(/\d+ MiB are needed/);
    expect(leftovers(run)).toEqual([]);
  });

  test('full in the middle of the app: nothing half-written remains', async () => {
    const run = await runMounted('nr_inodes=60', files.file, ['extract']);
    expect([run.status, codeOf(run)]).toEqual([5, 'PHPACK_E_DISK_FULL']);
    expect(leftovers(run)).toEqual([]);
  });

  test('full in the middle of a binary', async () => {
    const run = await runMounted('size=100k', product.file, ['extract']);
    expect([run.status, codeOf(run)]).toEqual([5, 'PHPACK_E_DISK_FULL']);
    expect(leftovers(run)).toEqual([]);
  });
});

describe.runIf(canMount)('a file system mounted noexec', () => {
  test('PHP runs from memory, and its children find the product by the name php', async () => {
    const run = await runMounted('noexec', product.file, ['php-cli']);
    expect(run.status).toBe(0);
    const path = /^PATH=([^:]+)/m.exec(run.stdout)?.[1];
    expect(path).toMatch(/\/run\/php-[0-9a-f]{16}$/);
    expect(run.stdout).toContain(`PHP_BINARY=${path}/php\n`);
  });

  test('the environment names no place of ours in /tmp', async () => {
    const run = await runMounted('noexec', product.file, ['php-cli']);
    expect(run.stdout).not.toMatch(/=\/tmp\/(?!phpack-runtime-)/);
  });
});

test.runIf(canMount)('a read-only file system names --data-dir', async () => {
  const run = await runMounted('ro', product.file, ['extract']);
  expect([run.status, codeOf(run)]).toEqual([5, 'PHPACK_E_DATA_DIR_READ_ONLY']);
  expect(run.stderr).toContain('--data-dir');
});

test.runIf(canMount)('so does one that has become read-only since', async () => {
  const dir = join(scratch.path, `mount${++count}`);
  mkdirSync(dir, { mode: 0o700 });
  const script = `mount -t tmpfs -o mode=700 tmpfs "$0" && "$@" >&2 &&
    mount -o remount,ro "$0" || exit 99
    exec "$@"`;
  const words = [dir, product.file, main, '--data-dir', dir, 'extract'];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const all = ['-m', 'sh', '-c', script, ...words];
  const run = await finish(spawn('unshare', all, { env, cwd: '/' }));
  expect([run.status, codeOf(run)]).toEqual([5, 'PHPACK_E_DATA_DIR_READ_ONLY']);
});

const isRoot = process.geteuid!() === 0;

/** PHP's socket for it, on a machine whose /run this makes. */
async function findMysqlSocket(prepare: string): Promise<unknown> {
  const listen = `"$0" -e 'net.createServer().listen(process.argv[1]).unref()'`;
  const script = `mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/mysqld &&
    ${listen} /run/mysqld/mysqld.sock && ${prepare} && exec "$0" "$@"`;
  const data = join(scratch.path, 'sockets');
  const words = [product.file, main, 'config', '--json', '--data-dir', data];
  const all = ['-m', 'sh', '-c', script, ...words];
  const run = await finish(spawn('unshare', all, { env: { PATH: '/usr/bin:/bin' } }));
  const { ini } = JSON.parse(run.stdout) as { ini: string };
  return /^pdo_mysql\.default_socket = '(.*)'$/m.exec(ini)?.[1];
}

describe.runIf(canMount && isRoot)('“localhost” of a database', () => {
  test('a socket of root, in a directory of root', async () => {
    expect(await findMysqlSocket('true')).toBe('/run/mysqld/mysqld.sock');
  });

  test.each([
    ['another user has the directory', `chown ${nobody} /run/mysqld`],
    ['others may write to it', 'chmod 1777 /run/mysqld'],
    ['others may exchange it', 'chmod 777 /run'],
  ])('not where %s', async (_, prepare) => {
    expect(await findMysqlSocket(prepare)).not.toMatch(/^\/run\/mysqld|^\/tmp/);
  });
});

describe.runIf(isRoot)('as another user', () => {
  const asNobody = { uid: nobody, gid: nobody };

  test('without a writable home: the error names --data-dir', async () => {
    const run = await product.run(['extract'], { ...asNobody, env: { HOME: '/root' } });
    expect([run.status, codeOf(run)]).toEqual([5, 'PHPACK_E_DATA_DIR_READ_ONLY']);
    expect(run.stderr).toContain('--data-dir');
  });

  test('with a home of its own: below ~/.local/share, private', async () => {
    const home = join(scratch.path, 'home');
    mkdirSync(home);
    spawnSync('chown', [`${nobody}:${nobody}`, home]);
    const run = await product.run(['extract'], { ...asNobody, env: { HOME: home } });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toMatch(new RegExp(`^${home}/.local/share/crafted/app/`));
  });

  test("a link of another user's, in place of a directory above, is refused", async () => {
    const shared = join(scratch.path, 'shared');
    mkdirSync(join(shared, 'real'), { recursive: true });
    chmodSync(shared, 0o1777);
    spawnSync('ln', ['-s', 'real', join(shared, 'link')]);
    spawnSync('chown', ['-h', '4711', join(shared, 'link')]);
    const run = await product.run(['extract', '--data-dir', join(shared, 'link/data')]);
    expect([run.status, codeOf(run)]).toEqual([5, 'PHPACK_E_DATA_DIR_UNSAFE']);
  });

  test('an incomplete tree is replaced, though its directories are read-only', async () => {
    const data = join(scratch.path, 'incomplete');
    mkdirSync(data, { mode: 0o700 });
    spawnSync('chown', [`${nobody}:${nobody}`, data]);
    const tree = (
      await files.run(['extract', '--data-dir', data], asNobody)
    ).stdout.trim();
    rmSync(join(tree, '../complete'));
    const again = await files.run(['extract', '--data-dir', data], asNobody);
    expect(again).toMatchObject({ status: 0, stdout: `${tree}\n` });
    expect(readdirSync(join(data, 'app'))).toHaveLength(2);
  });

  test('the tree cannot be changed, not even by its owner without chmod', async () => {
    const data = join(scratch.path, 'readonly');
    mkdirSync(data, { mode: 0o700 });
    spawnSync('chown', [`${nobody}:${nobody}`, data]);
    const run = await product.run(['extract', '--data-dir', data], asNobody);
    const tree = run.stdout.trim();
    const attempt = spawnSync(
      'sh',
      ['-c', `echo >>"${tree}/big.bin"; echo >"${tree}/new"`],
      {
        ...asNobody,
        encoding: 'utf8',
      },
    );
    expect(attempt.stderr.match(/Permission denied/g)).toHaveLength(2);
  });
});
