import { execFileSync } from 'node:child_process';
import { closeSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { build, type BuildDependencies } from '../../../../packager/commands/build.ts';
import { inspect } from '../../../../packager/commands/inspect.ts';
import { readFacts } from '../../../../packager/parts.ts';
import { openProduct } from '../../../../packager/payload/read.ts';
import type { Proof } from '../../../../packager/prove.ts';
import { readPart } from '../../../../runtime/payload/part.ts';
import { type TarEntry, TarReader } from '../../../../runtime/payload/tar.ts';
import { type OpenPayload, openPayload } from '../../../../runtime/payload/trailer.ts';
import { sha256 } from '../../runtime/payload/craft.ts';
import { recordingIo } from '../io.ts';
import { type TemporaryTree, temporaryTree } from '../tree.ts';

/** Incompressible enough that every byte of it counts. */
const php = Array.from({ length: 1000 }, (_, at) => Math.sin(at)).join();

const libphp = {
  php: { version: '8.4.24', sha256: sha256(php) },
  extensions: [{ name: 'Core' }, { name: 'json' }],
  components: [
    { name: 'php', version: '8.4.24', licence: 'PHP-3.01', sha256: 'e127' },
    { name: 'curl', version: '8.14.1', licence: 'curl', sha256: '6766' },
  ],
};

let tree: TemporaryTree;
let output: string;

beforeEach(() => {
  tree = temporaryTree({
    'app/index.php': '<?php echo 1;',
    'app/bin/tool': '#!/usr/bin/env php',
    'app/public/storage': { link: '../uploads' },
    'app/uploads/': '',
    'app/phpack.json': '{"name": "shop", "writable": ["uploads/"], "documentRoot": ""}',
    'parts/base': 'base executable',
    'parts/php': php,
    'parts/channel.node': 'channel',
    'parts/libphp.json': JSON.stringify(libphp),
    'out/': '',
  });
  chmodSync(join(tree.root, 'app/bin/tool'), 0o755);
  output = join(tree.root, 'out/shop-server');
  vi.stubEnv('XDG_CACHE_HOME', join(tree.root, 'cache'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  tree[Symbol.dispose]();
});

const proof: Proof = { answer: '200', warnings: [], firstResponseMs: 1 };

function dependencies(changes: Partial<BuildDependencies> = {}): BuildDependencies {
  return {
    locateParts: async () => ({
      base: part('base'),
      php: part('php'),
      channel: part('channel.node'),
      libphp: part('libphp.json'),
      facts: readFacts(part('libphp.json')),
    }),
    prove: async () => proof,
    ...changes,
  };
}

const part = (name: string): string => join(tree.root, 'parts', name);
const directory = (): string => join(tree.root, 'app');
const outputs = (): string[] => readdirSync(join(tree.root, 'out'));

async function buildOnce(changes: Partial<BuildDependencies> = {}): Promise<Buffer> {
  await build({ directory: directory(), output }, recordingIo(), dependencies(changes));
  return readFileSync(output);
}

async function entriesOf(payload: OpenPayload): Promise<TarEntry[]> {
  const seen: TarEntry[] = [];
  const reader = new TarReader({
    onEntry: (one) => void seen.push(one),
    onContent: () => {},
  });
  const { app } = payload.manifest.parts;
  await readPart(payload, 'app', app, (chunk) => reader.write(chunk));
  reader.end();
  return seen;
}

/** Seconds, by path, as a built product has them. */
async function timesOf(): Promise<Record<string, number>> {
  await buildOnce();
  const payload = openPayload(output);
  const entries = await entriesOf(payload);
  closeSync(payload.fd);
  return Object.fromEntries(
    entries.map(({ path, mtimeSeconds }) => [path, mtimeSeconds]),
  );
}

test('the product reads what the packager wrote', async () => {
  await buildOnce();
  const payload = openPayload(output);
  const { manifest } = payload;
  expect(manifest).toMatchObject({
    target: 'linux-x64-gnu',
    app: { name: 'shop', files: 2, template: 'plain', documentRoot: '' },
    php: { version: '8.4.24', extensions: ['Core', 'json'] },
    config: { writable: ['uploads/'] },
  });
  expect(manifest.app.sha256).toBe(manifest.parts.app.sha256);
  const seen = await entriesOf(payload);
  let decoded = '';
  await readPart(
    payload,
    'php',
    manifest.parts.php,
    (chunk) => (decoded += chunk.toString()),
  );
  closeSync(payload.fd);
  expect(decoded).toBe(php);
  expect(seen.map(({ path, kind, mode }) => [path, kind, mode.toString(8)])).toEqual([
    ['bin/tool', 'file', '755'],
    ['index.php', 'file', '644'],
    ['public/storage', 'symlink', '777'],
    ['uploads', 'directory', '755'],
    ['public', 'directory', '755'],
    ['bin', 'directory', '755'],
    ['.', 'directory', '755'],
  ]);
});

test('the result is executable and begins with the base', async () => {
  const bytes = await buildOnce();
  expect(statSync(output).mode & 0o777).toBe(0o755);
  expect(bytes.subarray(0, 15).toString()).toBe('base executable');
  expect(outputs()).toEqual(['shop-server']);
});

test('the same app gives the same bytes, whatever its times, modes and owner', async () => {
  const first = await buildOnce();
  utimesSync(join(directory(), 'index.php'), 1, 1);
  chmodSync(join(directory(), 'index.php'), 0o600);
  expect((await buildOnce()).equals(first)).toBe(true);
  writeFileSync(join(directory(), 'index.php'), '<?php echo 2;');
  expect((await buildOnce()).equals(first)).toBe(false);
});

test('another content has another time, the same one the same, and all are past', async () => {
  const write = (path: string, text: string | Buffer): void =>
    writeFileSync(join(directory(), path), text);
  mkdirSync(join(directory(), 'css/deep'), { recursive: true });
  const big = Buffer.alloc(3 << 20, 'x');
  write('css/deep/a.css', 'a {}');
  write('css/same.css', 'a {}');
  write('css/big.bin', big);
  const first = await timesOf();
  expect(first['css/same.css']).toBe(first['css/deep/a.css']);
  write('css/deep/a.css', 'b {}');
  write('css/big.bin', big.fill('y', big.length - 1));
  utimesSync(join(directory(), 'index.php'), 1, 1);
  const second = await timesOf();
  const changed = Object.keys(first).filter((path) => first[path] !== second[path]);
  expect(changed.sort()).toEqual(
    ['.', 'css', 'css/big.bin', 'css/deep', 'css/deep/a.css'].sort(),
  );
  const [from, to] = [Date.UTC(1980, 0, 1), Date.UTC(2026, 0, 1)];
  for (const time of [...Object.values(first), ...Object.values(second)]) {
    expect([time * 1000 > from, time * 1000 < to]).toEqual([true, true]);
  }
});

test('what things are made from is older than what is made from it', async () => {
  const pairs = [
    ['a.scss', 'a.css'],
    ['b.less', 'b.min.css'],
    ['c.js', 'c.min.js'],
    ['d.tpl', 'd.tpl.php'],
    ['e.blade.php', 'e.php'],
    ['f.po', 'f.mo'],
    ['g.yaml', 'g.php'],
  ] as const;
  for (const name of pairs.flat()) writeFileSync(join(directory(), name), `in ${name}`);
  const times = await timesOf();
  const isOlder = pairs.map(([from, to]) => times[from]! < times[to]!);
  expect(isOlder).toEqual(pairs.map(() => true));
});

test('a directory has another time when a name or a program in it is another', async () => {
  const first = await timesOf();
  renameSync(join(directory(), 'bin/tool'), join(directory(), 'bin/tools'));
  const second = await timesOf();
  chmodSync(join(directory(), 'bin/tools'), 0o644);
  const third = await timesOf();
  expect(new Set([first['bin'], second['bin'], third['bin']]).size).toBe(3);
  expect([second['bin/tools'], third['bin/tools']]).toEqual([
    first['bin/tool'],
    first['bin/tool'],
  ]);
});

test('a compressed file is younger than its file when it holds the same, else older', async () => {
  const content = 'a {}'.repeat(100);
  const stale = gzipSync('an older version');
  const big = Buffer.alloc(3 << 20, 'x');
  const files: Record<string, string | Buffer> = {
    'a.css': content,
    'a.css.gz': gzipSync(content),
    'a.css.br': brotliCompressSync(content),
    'a.css.zst': zstdCompressSync(content),
    'old.css': content,
    'old.css.gz': stale,
    'old.css.br': 'not compressed',
    'big.js': big,
    'big.js.gz': gzipSync(big, { level: 0 }),
    'alone.txt.gz': stale,
  };
  for (const [path, text] of Object.entries(files))
    writeFileSync(join(directory(), path), text);
  const io = recordingIo();
  await build({ directory: directory(), output }, io, dependencies());
  expect(io.err.match(/^! \S+ is not .*$/gm)).toEqual([
    '! old.css.br is not old.css compressed: it is sent by its own name only',
    '! old.css.gz is not old.css compressed: it is sent by its own name only',
  ]);
  const times = await timesOf();
  const isYounger = (path: string): boolean =>
    times[path]! >= times[path.replace(/\.\w+$/, '')]!;
  expect(['a.css.gz', 'a.css.br', 'a.css.zst', 'big.js.gz'].map(isYounger)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['old.css.gz', 'old.css.br'].map(isYounger)).toEqual([false, false]);
});

test('what cannot be proved is not kept, and what was there stays', async () => {
  writeFileSync(output, 'the old one');
  let tried = '';
  const prove: BuildDependencies['prove'] = async ({ binary }) => {
    tried = openPayload(binary).manifest.app.name;
    throw new Error('it does not start');
  };
  await expect(buildOnce({ prove })).rejects.toThrow('it does not start');
  expect(tried).toBe('shop');
  expect(outputs()).toEqual(['shop-server']);
  expect(readFileSync(output, 'utf8')).toBe('the old one');
});

test('an interruption while packing leaves nothing', async () => {
  const io = recordingIo();
  io.interruption.abort();
  await expect(
    build({ directory: directory(), output }, io, dependencies()),
  ).rejects.toThrow();
  expect(outputs()).toEqual([]);
});

test('what a killed build left is removed by the next one of the same file only', async () => {
  await buildOnce();
  // Larger than any process id of Linux.
  const dead = 4_194_305;
  let own = '';
  const prove: BuildDependencies['prove'] = async ({ binary }) => {
    own = binary.split('/').at(-1)!;
    return proof;
  };
  await buildOnce({ prove });
  const abandoned = own.replace(`-${process.pid}-`, `-${dead}-`);
  const inUse = own.replace(/[0-9a-f]{8}$/, '00000000');
  const foreign = abandoned.replace('shop-server', 'other');
  for (const name of [abandoned, inUse, foreign]) {
    writeFileSync(join(tree.root, 'out', name), '');
  }
  await buildOnce();
  expect(outputs().sort()).toEqual([inUse, foreign, 'shop-server'].sort());
});

test.each([
  ['out', 'is a directory'],
  ['nowhere/server', /the directory .*nowhere does not exist/],
  ['app/index.php/x', /ENOTDIR|is not a directory/],
])('an output of %s is refused before anything is done', async (name, message) => {
  const locateParts = vi.fn<BuildDependencies['locateParts']>();
  const options = { directory: directory(), output: join(tree.root, name) };
  await expect(
    build(options, recordingIo(), dependencies({ locateParts })),
  ).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_OUTPUT',
      message: expect.stringMatching(message),
    }),
  );
  expect(locateParts).not.toHaveBeenCalled();
});

test('an output inside the app is not packed into itself', async () => {
  output = join(directory(), 'shop-server');
  const first = await buildOnce();
  expect((await buildOnce()).equals(first)).toBe(true);
  const { manifest, fd } = openProduct(output);
  closeSync(fd);
  expect(manifest.app.files).toBe(2);
});

test('an output may have as long a name as a file can have, and no longer', async () => {
  output = join(tree.root, 'out', 'ü'.repeat(127));
  await buildOnce();
  expect(outputs()).toEqual(['ü'.repeat(127)]);
  output = join(tree.root, 'out', 'n'.repeat(256));
  await expect(buildOnce()).rejects.toThrow(
    expect.objectContaining({ code: 'PHPACK_E_OUTPUT' }),
  );
});

test('nor is what other builds of it have not finished, dead or alive', async () => {
  output = join(directory(), 'shop-server');
  const first = await buildOnce();
  let own = '';
  const prove: BuildDependencies['prove'] = async ({ binary }) => {
    own = binary;
    return proof;
  };
  await buildOnce({ prove });
  const alive = own.replace(/[0-9a-f]{8}$/, '00000000');
  const dead = own.replace(`-${process.pid}-`, '-4194305-');
  for (const file of [alive, dead]) writeFileSync(file, 'half of a product');
  expect((await buildOnce()).equals(first)).toBe(true);
});

test('a missing extension stops the build with the name of who needs it', async () => {
  mkdirSync(join(directory(), 'vendor/composer'), { recursive: true });
  writeFileSync(join(directory(), 'composer.json'), '{"require": {"ext-oci8": "*"}}');
  await expect(buildOnce()).rejects.toThrow(/oci8 \(needed by composer\.json\)/);
  expect(outputs()).toEqual([]);
});

test('settings that may be secrets are packed, and named', async () => {
  const suspects = ['.env', '.env.local.php', '.env.prod', '.env.bak', 'public/.env'];
  const others = ['.env.example', '.env.test'];
  for (const name of [...suspects, ...others]) writeFileSync(join(directory(), name), '');
  const io = recordingIo();
  await build({ directory: directory(), output }, io, dependencies());
  const line = /readable by every customer: (.*)/.exec(io.err)?.[1];
  expect(line?.split(', ').sort()).toEqual(suspects.sort());
});

test('packed files that nobody will get are named by rule, with their number', async () => {
  const write = (path: string, text = ''): void => {
    mkdirSync(join(directory(), path, '..'), { recursive: true });
    writeFileSync(join(directory(), path), text);
  };
  for (const path of ['a.inc', 'b.inc', 'c.inc', 'd.inc', 'x.db', 'api.yaml'])
    write(path);
  for (const path of ['style.css', 'intro.swf', 'vendor/a.css', 'uploads/x.php'])
    write(path);
  write('vendor/a.php');
  write('data/.htaccess', 'Require all denied');
  write('data/users.txt');
  const io = recordingIo();
  await build({ directory: directory(), output }, io, dependencies());
  expect(io.err.match(/^ {2}not served .*$/gm)?.sort()).toEqual([
    '  not served (.htaccess): 1 file (data/users.txt)',
    '  not served (databases): 1 file (x.db)',
    '  not served (deny **/*.{sh,yml,yaml}): 1 file (api.yaml)',
    '  not served (hidden): 1 file (data/.htaccess)',
    '  not served (noPhp **/vendor/**): 1 file (vendor/a.php)',
    '  not served (source code): 5 files (a.inc, b.inc, bin/tool, …)',
    '  not served (writable): 1 file (uploads/x.php)',
  ]);
});

test('links to files that nobody will get are named as these, others are not', async () => {
  mkdirSync(join(directory(), 'data'));
  writeFileSync(join(directory(), 'public/index.php'), '<?php');
  writeFileSync(join(directory(), 'public/a.css'), '');
  writeFileSync(join(directory(), 'uploads/tool.php'), '');
  writeFileSync(join(directory(), 'data/app.db'), '');
  const links = {
    'b.css': 'a.css',
    'data.bin': '../data/app.db',
    'tool.php': '../uploads/tool.php',
    up: '../uploads',
    gone: 'nowhere',
    round: 'round',
  };
  for (const [name, target] of Object.entries(links))
    symlinkSync(target, join(directory(), 'public', name));
  const config = { writable: ['uploads/'], documentRoot: 'public' };
  writeFileSync(join(directory(), 'phpack.json'), JSON.stringify(config));
  const io = recordingIo();
  await build({ directory: directory(), output }, io, dependencies());
  expect(io.err.match(/^ {2}not served .*$/gm)?.sort()).toEqual([
    '  not served (databases): 1 file (public/data.bin)',
    '  not served (writable): 1 file (public/tool.php)',
  ]);
});

test('what lies beside the document root is not said to be unserved', async () => {
  writeFileSync(join(directory(), 'public/index.php'), '<?php');
  writeFileSync(join(directory(), 'secret.db'), '');
  symlinkSync('public', join(directory(), 'site'));
  writeFileSync(join(directory(), 'phpack.json'), '{"documentRoot": "site"}');
  writeFileSync(join(directory(), 'public/app.db'), '');
  const io = recordingIo();
  await build({ directory: directory(), output }, io, dependencies());
  expect(io.err).toContain('not served (databases): 1 file (public/app.db)\n');
});

test.each(['index.php', '**', 'public/'])('exclude %s leaves no app', async (glob) => {
  const documentRoot = glob === 'public/' ? 'public' : '';
  writeFileSync(join(directory(), 'public/index.php'), '<?php');
  const config = { exclude: [glob], documentRoot };
  writeFileSync(join(directory(), 'phpack.json'), JSON.stringify(config));
  await expect(buildOnce()).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_NOT_PHP',
      message: expect.stringMatching(/index\.php is left out \(exclude\)$/),
    }),
  );
  expect(outputs()).toEqual([]);
});

test('inspect shows what is in a product', async () => {
  await buildOnce();
  const io = recordingIo(join(tree.root, 'out'));
  await inspect('shop-server', {}, io);
  expect(io.out).toContain('shop (plain), 2 files');
  expect(io.out).toContain('all parts match their checksums');
  io.out = '';
  await inspect('shop-server', { json: true }, io);
  expect(JSON.parse(io.out)).toMatchObject({ manifest: { app: { name: 'shop' } } });
});

/** As if the newest curl had stood in for the pinned one. */
function substituteCurl(): void {
  const [first, second] = libphp.components;
  const other = { ...second, version: '8.15.0', substituteFor: '8.14.1' };
  const text = JSON.stringify({ ...libphp, components: [first, other] });
  writeFileSync(part('libphp.json'), text);
}

test('a product carries libphp.json: versions, licences and hashes of all sources', async () => {
  await buildOnce();
  const io = recordingIo();
  await inspect(output, {}, io);
  expect(io.out).toContain('php 8.4.24 (PHP-3.01) e127');
  expect(io.out).toContain('curl 8.14.1 (curl) 6766');
  expect(io.out).toMatch(/pinned +all of it\n/);
  io.out = '';
  await inspect(output, { json: true }, io);
  expect(JSON.parse(io.out)).toMatchObject({
    libphp,
    manifest: { php: { substitutes: [] } },
  });
});

test('a source that stands in for a pinned one is named while building and in the product', async () => {
  substituteCurl();
  const io = recordingIo();
  const named = 'curl 8.15.0 instead of 8.14.1';
  await build({ directory: directory(), output }, io, dependencies());
  expect(io.err).toContain(
    `! PHP is not built from the pinned sources alone: ${named}\n`,
  );
  const { manifest } = openPayload(output);
  const [substitute] = manifest.php.substitutes;
  expect(substitute).toEqual({ name: 'curl', version: '8.15.0', pinned: '8.14.1' });
  const inspected = recordingIo();
  await inspect(output, {}, inspected);
  expect(inspected.out).toMatch(new RegExp(`not pinned +${named}\n`));
});

test('PHP that libphp.json does not describe is not packed', async () => {
  writeFileSync(part('php'), 'another');
  await expect(buildOnce()).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_PARTS',
      message: expect.stringMatching(/php is not the file that .*libphp\.json describes/),
    }),
  );
  expect(outputs()).toEqual([]);
});

test.each([1, 64, 128])('a product without its last %i bytes is none', async (bytes) => {
  const { length } = await buildOnce();
  truncateSync(output, length - bytes);
  await expect(inspect(output, {}, recordingIo())).rejects.toThrow(
    expect.objectContaining({ code: 'PHPACK_E_NOT_A_BINARY' }),
  );
});

test.each([
  ['its manifest', (file: Buffer) => file.length - 144],
  ['part php', () => 'base executable'.length + 500],
])('a changed byte in %s is found', async (where, place) => {
  const file = await buildOnce();
  const at = place(file);
  file.writeUInt8(file.readUInt8(at) ^ 1, at);
  writeFileSync(output, file);
  await expect(inspect(output, {}, recordingIo())).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_DAMAGED',
      message: expect.stringContaining(where),
    }),
  );
});

test.each([
  [
    'a later format',
    (file: Buffer) => file.writeUInt32LE(4, file.length - 12),
    /format 4/,
  ],
  [
    'a signature by a key that nobody knows',
    (file: Buffer) => file.writeBigUInt64BE(0xc0ffeen, file.length - 64),
    /key 0000000000c0ffee/,
  ],
])('a product with %s is refused by it', async (_, change, message) => {
  const file = await buildOnce();
  change(file);
  writeFileSync(output, file);
  await expect(inspect(output, {}, recordingIo())).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_NOT_A_BINARY',
      message: expect.stringMatching(message),
    }),
  );
});

test('bytes missing in the middle are found', async () => {
  const file = await buildOnce();
  writeFileSync(output, Buffer.concat([file.subarray(0, 50), file.subarray(110)]));
  await expect(inspect(output, {}, recordingIo())).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_DAMAGED',
      message: expect.stringContaining('bytes are missing'),
    }),
  );
});

test.each(['/nowhere', '/etc', '/etc/passwd', '/dev/null'])(
  '%s is no product',
  async (file) => {
    await expect(inspect(file, {}, recordingIo())).rejects.toThrow(
      expect.objectContaining({ code: 'PHPACK_E_NOT_A_BINARY' }),
    );
  },
);

test('a pipe is no product, and is not waited for', async () => {
  execFileSync('mkfifo', [output]);
  const inspecting = inspect(output, {}, recordingIo());
  await expect(inspecting).rejects.toThrow(
    expect.objectContaining({ code: 'PHPACK_E_NOT_A_BINARY' }),
  );
});
