import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mediawikiTree } from '../apps/mediawiki.ts';
import { run, runAny } from '../apps/run.ts';
import { builtProduct, type Deployment, deploy, ownTree } from './product.ts';
import { smallDisk } from './small-disk.ts';

/** Many files: there is time to die in between. */
let wiki: Deployment;
let probe: Deployment;

beforeAll(async () => {
  wiki = await deploy(await builtProduct('mediawiki', await mediawikiTree()));
  probe = await deploy(await builtProduct('probe', await ownTree('probe')));
});

afterAll(async () => {
  await wiki?.[Symbol.asyncDispose]();
  await probe?.[Symbol.asyncDispose]();
});

test('kill -9 in the middle of the first start leaves nothing that the next trusts', async () => {
  const apps = path.join(wiki.dataDir, 'app');
  const begun = async () => {
    const names = await fs.readdir(apps).catch(() => []);
    return names.filter((name) => name.startsWith('.new-'));
  };
  for (const moreMs of [0, 100, 300]) {
    const before = await begun();
    const child = wiki.spawn(wiki.binary, ['extract']);
    const isUnpacking = async () =>
      (await begun()).some((name) => !before.includes(name));
    while (!(await isUnpacking())) await sleep(2);
    await sleep(moreMs);
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  expect(await begun()).not.toEqual([]);

  const server = await wiki.serve();
  expect((await fetch(`${server.url}/resources/assets/mediawiki.png`)).status).toBe(200);
  expect(await begun()).toEqual([]);
  const root = (await wiki.command(['extract'])).stdout.trim();
  expect(await listing(root)).toEqual(await listing(await mediawikiTree()));
});

test('a warm start unpacks nothing', async () => {
  const root = (await wiki.command(['extract'])).stdout.trim();
  const file = path.join(root, 'index.php');
  const before = await fs.stat(file);
  const server = await wiki.serve();
  expect(server.entries().filter((entry) => entry.msg === 'unpacked the app')).toEqual(
    [],
  );
  expect((await fs.stat(file)).ino).toBe(before.ino);
});

test('two first starts at once: one unpacks, both serve the same data', async () => {
  const servers = await Promise.all([probe.serve(), probe.serve()]);
  const unpacked = servers.map(
    (server) => server.entries().filter((one) => one.msg === 'unpacked the app').length,
  );
  expect(unpacked.toSorted((a, b) => a - b)).toEqual([0, 1]);
  for (const [index, server] of servers.entries()) {
    const answer = await fetch(`${server.url}/notes.php`, {
      method: 'POST',
      body: new URLSearchParams({ text: `note ${index}` }),
    });
    expect(answer.status).toBe(200);
  }
  const seen = await Promise.all(
    servers.map(async (server) => (await fetch(`${server.url}/notes.php`)).json()),
  );
  expect(seen).toEqual([
    ['note 0', 'note 1'],
    ['note 0', 'note 1'],
  ]);
  await servers[0].stop();
  expect((await fetch(servers[1].url)).status).toBe(200);
});

test.each([
  ['bytes', 'size=6M'],
  ['inodes', 'size=1G,nr_inodes=2000'],
])(
  'a disk without %s left is named, and nothing half-written remains',
  async (_, size) => {
    const { through, dataDir } = smallDisk(
      wiki,
      size,
      'find . -mindepth 2 -name "*.php"',
    );
    const [program, args] = through!(wiki.binary, ['--data-dir', dataDir!, 'extract']);
    const { status, stdout, stderr } = await runAny(program, args, { env: {} });
    expect(stderr).toContain('PHPACK_E_DISK_FULL');
    expect(stderr).toContain('--data-dir');
    expect(status).toBe(5);
    expect(stdout).toBe('');
  },
);

test('a truncated or changed file is refused before anything of it runs', async () => {
  const { size } = await fs.stat(probe.binary);
  const cases: [name: string, damage: (file: string) => Promise<void>, code: RegExp][] = [
    ['cut', (file) => fs.truncate(file, size - 100_000), /PHPACK_E_(NO_PAYLOAD|PAYLOAD)/],
    ['short', (file) => fs.truncate(file, size - 1), /PHPACK_E_(NO_PAYLOAD|PAYLOAD)/],
    ['bit', (file) => flipBit(file, size - 600_000), /PHPACK_E_PAYLOAD_DAMAGED/],
    ['trailer', (file) => flipBit(file, size - 20), /PHPACK_E_(NO_PAYLOAD|PAYLOAD)/],
  ];
  for (const [name, damage, code] of cases) {
    const file = path.join(probe.directory, `damaged-${name}`);
    await fs.copyFile(probe.binary, file);
    await damage(file);
    const dataDir = path.join(probe.directory, `data-${name}`);
    const child = probe.spawn(file, ['--listen', '127.0.0.1:0', '--data-dir', dataDir]);
    const output = text(child.stderr!);
    await once(child, 'close');
    expect(await output, name).toMatch(code);
    expect(child.exitCode, name).toBe(4);
  }
});

test('what others could have changed in the data directory is not trusted', async () => {
  const open = path.join(probe.directory, 'open');
  await fs.mkdir(open);
  await fs.chmod(open, 0o777);
  const child = probe.spawn(probe.binary, ['--data-dir', open, 'extract']);
  const output = text(child.stderr!);
  await once(child, 'close');
  expect(await output).toContain('PHPACK_E_DATA_DIR_UNSAFE');
  expect(child.exitCode).toBe(5);
});

async function flipBit(file: string, at: number): Promise<void> {
  const handle = await fs.open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  byte[0]! ^= 0x10;
  await handle.write(byte, 0, 1, at);
  await handle.close();
}

/** Paths and sizes of the regular files that are code: links and what phpack leaves out aside. */
async function listing(root: string): Promise<string[]> {
  const args = ['includes', 'languages', 'resources', 'skins', '-type', 'f'];
  const printed = await run('find', [...args, '-printf', '%p %s\n'], { cwd: root });
  return printed.split('\n').sort();
}
