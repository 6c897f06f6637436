import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { removeTree } from '../../../runtime/payload/remove.ts';
import { completeConfig } from '../../unit/runtime/payload/craft.ts';
import { finish, scratchDirectory, testProduct } from './product.ts';

const scratch = scratchDirectory();
afterAll(() => scratch[Symbol.asyncDispose]());
const isRoot = process.geteuid!() === 0;
let count = 0;
let data: string;
beforeEach(() => {
  data = join(scratch.path, `data${++count}`);
});

const small = await testProduct(join(scratch.path, 'small'), [
  { name: 'index.php', content: '<?php' },
  { name: 'php.ini', content: 'precision = 5\n' },
  { name: 'bin/tool', content: '#!/bin/sh', mode: 0o755 },
  { name: 'link', link: 'index.php' },
]);
const many = await testProduct(
  join(scratch.path, 'many'),
  Array.from({ length: 2000 }, (_, i) => ({
    name: `d${i % 50}/f${i}.php`,
    content: `<?php return ${i};`.padEnd(2000, ' '),
  })),
);

const versions = (): string[] =>
  readdirSync(join(data, 'app')).filter((n) => n !== '.lock');
const code = (stderr: string): string | undefined => /PHPACK_E_\w+/.exec(stderr)?.[0];
const extract = (product = small) => product.run(['extract', '--data-dir', data]);

/** Until there are names like this in a directory of the data directory. */
async function made(directory: string, pattern: RegExp, count = 1): Promise<void> {
  const found = (): string[] =>
    namesIn(join(data, directory)).filter((name) => pattern.test(name));
  while (found().length < count) await sleep(1);
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Names and contents, to compare trees. */
function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((e) => {
      const path = join(e.parentPath, e.name);
      return `${path.slice(directory.length)} ${e.isFile() ? readFileSync(path, 'utf8') : ''}`;
    })
    .sort((a, b) => (a < b ? -1 : 1));
}

test('the first start unpacks, the second finds it', async () => {
  const first = await extract();
  expect(first).toMatchObject({ status: 0, stderr: '' });
  const tree = first.stdout.trim();
  expect(readFileSync(join(tree, 'index.php'), 'utf8')).toBe('<?php');
  expect(lstatSync(join(tree, 'link')).isSymbolicLink()).toBe(true);
  const before = statSync(tree).ino;
  expect((await extract()).stdout).toBe(first.stdout);
  expect(statSync(tree).ino).toBe(before);
});

const hasStrace = existsSync('/usr/bin/strace');

test.runIf(hasStrace)('a warm start opens no file of the app', async () => {
  await extract();
  const trace = join(scratch.path, 'trace');
  const main = join(import.meta.dirname, '../../../runtime/main.ts');
  const args = ['-f', '-e', 'trace=open,openat', '-o', trace, small.file, main];
  execFileSync('strace', [...args, 'extract', '--data-dir', data]);
  const opened = readFileSync(trace, 'utf8');
  expect(opened).toContain('/complete');
  expect(opened).not.toContain('/tree/');
});

test('kill -9 at any moment heals', async () => {
  const reference = join(scratch.path, 'reference');
  const whole = await many.run(['extract', '--data-dir', reference]);
  const expected = listing(whole.stdout.trim());
  for (const afterMs of [0, 30, 100, 250]) {
    const child = many.start(['extract', '--data-dir', data]);
    const ended = finish(child);
    const app = join(data, 'app');
    // Not by the clock from the start, but from the moment there is something to
    // interrupt.
    while (child.exitCode === null && !(existsSync(app) && readdirSync(app).length > 0)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill('SIGKILL');
    await ended;
    const healed = await many.run(['extract', '--data-dir', data]);
    expect(healed).toMatchObject({ status: 0, stderr: '' });
    expect(listing(healed.stdout.trim())).toEqual(expected);
    expect(versions()).toHaveLength(1);
    await removeTree(app);
  }
});

describe('a server that is asked to stop while it unpacks', () => {
  test('ends at once with 0, and the next start unpacks anew', async () => {
    const large = await testProduct(
      join(scratch.path, 'large'),
      Array.from({ length: 40 }, (_, i) => ({
        name: `f${i}`,
        content: Buffer.alloc(1 << 20, i),
      })),
    );
    const server = large.start(['--data-dir', data]);
    const ended = finish(server);
    await made('app', /^\.new-/);
    server.kill('SIGTERM');
    const { status, stderr } = await ended;
    expect([status, stderr]).toEqual([0, expect.stringContaining('SIGTERM')]);
    expect(versions().filter((name) => !name.startsWith('.new-'))).toEqual([]);
    expect((await extract(large)).status).toBe(0);
    expect(versions()).toHaveLength(1);
    rmSync(large.file);
  });

  test('or copies initial files, which the next start completes', async () => {
    const files = Array.from({ length: 8000 }, (_, i) => ({
      name: `up/f${i}`,
      content: `${i}`,
    }));
    const config = { ...completeConfig, writable: ['up/'] };
    const seeded = await testProduct(join(scratch.path, 'seeded'), files, { config });
    const server = seeded.start(['--data-dir', data]);
    const ended = finish(server);
    await made('var', /^\.new-/);
    server.kill('SIGTERM');
    expect((await ended).status).toBe(0);
    expect(existsSync(join(data, 'var/up'))).toBe(false);
    expect((await extract(seeded)).status).toBe(0);
    expect(readdirSync(join(data, 'var'))).toEqual(['up']);
    expect(readdirSync(join(data, 'var/up'))).toHaveLength(8000);
    rmSync(seeded.file);
  });

  test('or waits for another process that does', async () => {
    mkdirSync(join(data, 'app'), { recursive: true, mode: 0o700 });
    chmodSync(data, 0o700);
    const holder = spawn('flock', [join(data, 'app/.lock'), 'cat']);
    while (!existsSync(join(data, 'app/.lock'))) await sleep(5);
    const server = small.start(['--data-dir', data]);
    const ended = finish(server);
    await made('bin', /^[0-9a-f]{64}$/, 2);
    server.kill('SIGTERM');
    expect((await ended).status).toBe(0);
    holder.stdin.end();
  });
});

test('two first starts at once: both serve the same, unpacked once', async () => {
  const runs = await Promise.all([extract(many), extract(many), extract(many)]);
  expect(runs.map((run) => run.status)).toEqual([0, 0, 0]);
  expect(new Set(runs.map((run) => run.stdout)).size).toBe(1);
  expect(versions()).toHaveLength(1);
  expect(listing(runs[0].stdout.trim()).length).toBe(2050);
});

test('a damaged payload leaves nothing behind', async () => {
  const damaged = await testProduct(
    join(scratch.path, 'damaged'),
    [{ name: 'index.php', content: 'x'.repeat(5000) }],
    {
      corrupt: (file, at) => {
        file[at.app + 3000]! ^= 1;
        return file;
      },
    },
  );
  const run = await extract(damaged);
  expect([run.status, code(run.stderr)]).toEqual([4, 'PHPACK_E_PAYLOAD_DAMAGED']);
  expect(versions()).toEqual([]);
});

test('a tree whose mark is missing or foreign is unpacked again', async () => {
  const tree = (await extract()).stdout.trim();
  for (const mark of ['', '{"app":"other"}', null]) {
    const complete = join(tree, '../complete');
    if (mark === null) rmSync(complete);
    else writeFileSync(complete, mark);
    chmodSync(tree, 0o755);
    writeFileSync(join(tree, 'planted.php'), 'evil');
    expect((await extract()).status).toBe(0);
    expect(existsSync(join(tree, 'planted.php'))).toBe(false);
  }
  expect(versions()).toHaveLength(1);
});

test('a cut off php is replaced', async () => {
  await extract();
  const [hash] = readdirSync(join(data, 'bin')).filter((name) =>
    existsSync(join(data, 'bin', name, 'php')),
  );
  const php = join(data, 'bin', hash!, 'php');
  chmodSync(join(php, '..'), 0o755);
  rmSync(php);
  writeFileSync(php, 'cut', { mode: 0o555 });
  expect((await small.run(['--data-dir', data, 'php-cli', 'hi'])).stdout).toBe('hi\n');
});

describe('what others could change is never used', () => {
  test.each([
    ['the data directory', ''],
    ['app', 'app'],
    ['bin', 'bin'],
    ['run', 'run'],
  ])('%s is writable by others', async (_, name) => {
    await extract();
    chmodSync(join(data, name), 0o777);
    const run = await extract();
    expect([run.status, code(run.stderr)]).toEqual([5, 'PHPACK_E_DATA_DIR_UNSAFE']);
    expect(run.stderr).toContain('chmod go-w');
  });

  test('the tree, or the version around it, is writable by others', async () => {
    const tree = (await extract()).stdout.trim();
    for (const path of [tree, join(tree, '..'), join(tree, '../complete')]) {
      const { mode } = statSync(path);
      chmodSync(path, mode | 0o022);
      expect(code((await extract()).stderr)).toBe('PHPACK_E_DATA_DIR_UNSAFE');
      chmodSync(path, mode);
    }
    expect((await extract()).status).toBe(0);
  });

  test.runIf(isRoot)('it belongs to somebody else', async () => {
    const tree = (await extract()).stdout.trim();
    for (const path of [data, join(data, 'app'), tree, join(tree, '../complete')]) {
      chownSync(path, 4711, 4711);
      const run = await extract();
      expect([run.status, code(run.stderr)]).toEqual([5, 'PHPACK_E_DATA_DIR_UNSAFE']);
      expect(run.stderr).toContain('4711');
      chownSync(path, 0, 0);
    }
  });
});

const entriesOf = (release: string) => [
  { name: 'index.php', content: release },
  { name: 'files/readme.txt', content: release },
  { name: 'local.php', content: release },
];

describe('writable paths', () => {
  const config = { ...completeConfig, writable: ['files/', 'local.php', 'cache/deep/'] };
  test('an upgrade replaces code and keeps what was written', async () => {
    const one = await testProduct(join(scratch.path, 'v1'), entriesOf('1'), { config });
    const two = await testProduct(
      join(scratch.path, 'v2'),
      [...entriesOf('2'), { name: 'files/new.txt', content: '2' }],
      { config },
    );
    const old = (await extract(one)).stdout.trim();
    writeFileSync(join(old, 'files/upload.jpg'), 'jpg');
    writeFileSync(join(old, 'local.php'), 'secret');
    writeFileSync(join(old, 'cache/deep/x'), 'x');
    const tree = (await extract(two)).stdout.trim();
    expect(tree).not.toBe(old);
    const read = (path: string): string => readFileSync(join(tree, path), 'utf8');
    expect(read('index.php')).toBe('2');
    expect(read('files/upload.jpg')).toBe('jpg');
    expect(read('files/readme.txt')).toBe('1');
    expect(read('files/new.txt')).toBe('2');
    expect(read('local.php')).toBe('secret');
    expect(read('cache/deep/x')).toBe('x');
    expect(readFileSync(join(old, 'index.php'), 'utf8')).toBe('1');
    for (const product of [one, two]) rmSync(product.file);
  });

  test('another list of writable paths is another version of the same tree', async () => {
    const plain = await testProduct(join(scratch.path, 'p1'), entriesOf('1'));
    const linked = await testProduct(join(scratch.path, 'p2'), entriesOf('1'), {
      config,
    });
    const one = (await extract(plain)).stdout.trim();
    const two = (await extract(linked)).stdout.trim();
    expect(one).not.toBe(two);
    expect(lstatSync(join(one, 'files')).isDirectory()).toBe(true);
    expect(lstatSync(join(two, 'files')).isSymbolicLink()).toBe(true);
    for (const product of [plain, linked]) rmSync(product.file);
  });
});

test('caches belong to a version: new with it, gone with it', async () => {
  const config = { ...completeConfig, caches: ['var/cache/', 'build/'] };
  const trees: string[] = [];
  for (const release of ['1', '2']) {
    const product = await testProduct(
      join(scratch.path, 'cached'),
      [
        { name: 'index.php', content: release },
        { name: 'var/cache/warm.php', content: release },
      ],
      { config },
    );
    const tree = (await extract(product)).stdout.trim();
    trees.push(tree);
    expect(readdirSync(join(tree, 'var/cache'))).toEqual(['warm.php']);
    expect(readFileSync(join(tree, 'var/cache/warm.php'), 'utf8')).toBe(release);
    writeFileSync(join(tree, 'var/cache/compiled.php'), release);
    writeFileSync(join(tree, 'build/x'), release);
    rmSync(product.file);
  }
  expect(readFileSync(join(trees[0]!, 'var/cache/compiled.php'), 'utf8')).toBe('1');
  expect(readdirSync(join(data, 'var'))).toEqual([]);
});

describe('old versions', () => {
  test('two are kept, the rest goes with prune', async () => {
    const trees: string[] = [];
    for (const release of ['1', '2', '3', '4']) {
      const product = await testProduct(join(scratch.path, 'release'), [
        { name: 'index.php', content: release },
      ]);
      trees.push((await extract(product)).stdout.trim());
    }
    expect(versions()).toHaveLength(4);
    const last = await testProduct(join(scratch.path, 'release'), [
      { name: 'index.php', content: '4' },
    ]);
    const pruned = await last.run(['prune', '--data-dir', data]);
    expect(pruned.stdout.trim().split('\n')).toHaveLength(2);
    expect(trees.map((tree) => existsSync(tree))).toEqual([false, false, true, true]);
    rmSync(last.file);
  });
});

test('a directory that cannot be made names --data-dir', async () => {
  mkdirSync(scratch.path, { recursive: true });
  const run = await small.run(['extract', '--data-dir', '/proc/nowhere/data']);
  expect(run.status).toBe(5);
  expect(code(run.stderr)).toMatch(/READ_ONLY|UNSAFE/);
  expect(run.stderr).toContain('--data-dir');
});
