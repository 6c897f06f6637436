import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { get, RawClient, request } from './raw.ts';
import { type Site, startSite } from './site.ts';

const big = Buffer.alloc(3_000_000);
for (let i = 0; i < big.length; i++) big[i] = (i * 7 + (i >> 8)) & 0xff;
const digits = '0123456789';

let site: Site;
beforeAll(async () => {
  site = await startSite({
    files: {
      'public/index.php': '<?php',
      'public/digits.txt': digits,
      'public/empty.txt': '',
      'public/big.bin': big,
      'public/style.css': 'a {}',
      'public/only.js': 'js',
      'public/pic.svgz': 'gz',
      'public/fonts/a.woff2': 'font',
      'public/favicon.ico': 'icon',
      'public/list.XLSX': 'sheet',
      'public/film.m3u8': 'film',
      'public/html': '<p>',
      'public/a.constructor': 'a',
    },
    config: {
      http: {
        cacheControl: {
          'fonts/**': 'public, max-age=31536000, immutable',
          '*.css': 'no-cache',
        },
      },
    },
  });
});
afterAll(() => site.close());

const at = (target: string, headers = {}) => get(site.port, target, headers);

test.each([
  ['/style.css', 'text/css; charset=utf-8'],
  ['/only.js', 'text/javascript; charset=utf-8'],
  ['/digits.txt', 'text/plain; charset=utf-8'],
  ['/big.bin', 'application/octet-stream'],
  ['/fonts/a.woff2', 'font/woff2'],
  ['/favicon.ico', 'image/x-icon'],
  ['/list.XLSX', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['/film.m3u8', 'application/vnd.apple.mpegurl'],
  ['/html', 'application/octet-stream'],
  ['/a.constructor', 'application/octet-stream'],
])('%s has the type %s', async (target, type) => {
  const { headers } = await at(target);
  expect(headers['content-type']).toBe(type);
  expect(headers['x-content-type-options']).toBe('nosniff');
});

test('a compressed drawing says so', async () => {
  const { headers } = await at('/pic.svgz');
  expect(headers['content-type']).toMatch(/^image\/svg\+xml/);
  expect(headers['content-encoding']).toBe('gzip');
});

test('Cache-Control comes from the first matching rule, else there is none', async () => {
  expect((await at('/fonts/a.woff2')).headers['cache-control']).toMatch(/immutable/);
  expect((await at('/style.css')).headers['cache-control']).toBe('no-cache');
  expect((await at('/digits.txt')).headers['cache-control']).toBeUndefined();
});

test('HEAD has the headers of GET and no body', async () => {
  for (const target of ['/digits.txt', '/big.bin', '/empty.txt', '/style.css']) {
    const full = await at(target, { 'Accept-Encoding': 'br' });
    const head = await request(site.port, 'HEAD', target, { 'Accept-Encoding': 'br' });
    expect(head.status).toBe(200);
    expect({ ...head.headers, date: '' }).toEqual({ ...full.headers, date: '' });
  }
});

test('an empty file is an empty answer', async () => {
  const answer = await at('/empty.txt');
  expect([answer.status, answer.headers['content-length']]).toEqual([200, '0']);
});

test('a big file arrives as it is', async () => {
  const { body } = await at('/big.bin');
  expect(createHash('md5').update(body, 'latin1').digest('hex')).toBe(
    createHash('md5').update(big).digest('hex'),
  );
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'])(
  '%s is not allowed',
  async (method) => {
    const answer = await request(site.port, method, '/digits.txt');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  },
);

test('OPTIONS names what is allowed', async () => {
  const answer = await request(site.port, 'OPTIONS', '/digits.txt');
  expect([answer.status, answer.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
});

test('a connection outlives a refused upload', async () => {
  const client = new RawClient(site.port);
  client.send('POST /digits.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
  expect((await client.answer()).status).toBe(405);
  client.send('GET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n');
  expect((await client.answer()).body).toBe(digits);
  client.close();
});

const plain = Object.fromEntries(
  ['a.css', 'a.css.br', 'a.css.gz', 'a.css.zst'].map((name) => [`public/${name}`, name]),
);
const accept = { 'Accept-Encoding': 'gzip, br, zstd' };

describe('precompressed files', () => {
  let packed: Site;
  beforeAll(async () => {
    packed = await startSite({
      files: {
        'public/style.css': 'a {}',
        'public/style.css.br': 'BR',
        'public/style.css.zst': 'ZSTD',
        'public/style.css.gz': 'GZIP',
        'public/digits.txt': digits,
        'public/dist/app.1.js': 'app',
        'public/dist/app.1.js.gz': 'packed app',
        'public/other.js': 'other',
        'public/old.js': 'new',
        'public/old.js.gz': 'older',
        'public/same.js': 'same',
        'public/same.js.gz': 'as old',
      },
      isTreeImmutable: true,
      prepare: (appRoot) => {
        const file = (name: string): string => join(appRoot, 'public', name);
        symlinkSync('dist/app.1.js', file('app.js'));
        symlinkSync('dist/app.1.js.gz', file('app.js.gz'));
        symlinkSync('dist/app.1.js.gz', file('other.js.gz'));
        for (const name of ['old.js', 'same.js', 'same.js.gz'])
          utimesSync(file(name), 2000, 2000);
        utimesSync(file('old.js.gz'), 1999, 1999);
      },
    });
  });
  afterAll(() => packed.close());
  const packedAt = (target: string, headers = {}) => get(packed.port, target, headers);

  test.each([
    ['/old.js', 'new', 'is older'],
    ['/same.js', 'as old', 'is as old'],
    ['/app.js', 'packed app', 'is beside what the links lead to'],
    ['/other.js', 'other', 'is made of another file'],
  ])('%s is %s when the compressed file %s', async (target, body) => {
    expect((await packedAt(target, accept)).body).toBe(body);
  });

  test.each([
    ['', 'a {}', undefined],
    ['br', 'BR', 'br'],
    ['gzip', 'GZIP', 'gzip'],
    ['x-gzip', 'GZIP', 'gzip'],
    ['zstd', 'ZSTD', 'zstd'],
    ['gzip, deflate, br, zstd', 'ZSTD', 'zstd'],
    ['gzip, br', 'BR', 'br'],
    ['gzip;q=1, br;q=0.5', 'GZIP', 'gzip'],
    ['BR ; Q=0.5', 'BR', 'br'],
    ['br;q=0', 'a {}', undefined],
    ['br;q=0, *', 'ZSTD', 'zstd'],
    ['*', 'ZSTD', 'zstd'],
    ['*;q=0', 'a {}', undefined],
    ['identity', 'a {}', undefined],
    ['identity, gzip;q=0.5', 'a {}', undefined],
    ['deflate', 'a {}', undefined],
    ['br;q=nonsense', 'a {}', undefined],
    ['identity;q=0', 'a {}', undefined],
    [',;,', 'a {}', undefined],
  ])('Accept-Encoding "%s" gets %s', async (accepted, body, coding) => {
    const answer = await packedAt(
      '/style.css',
      accepted ? { 'Accept-Encoding': accepted } : {},
    );
    expect([answer.status, answer.body]).toEqual([200, body]);
    expect(answer.headers['content-encoding']).toBe(coding);
    expect(answer.headers['content-type']).toBe('text/css; charset=utf-8');
    expect(answer.headers.vary).toBe('Accept-Encoding');
  });

  test('each has a tag of its own', async () => {
    const tags = new Set<string>();
    for (const coding of ['', 'br', 'gzip', 'zstd']) {
      const { headers } = await packedAt('/style.css', { 'Accept-Encoding': coding });
      tags.add(headers.etag!);
      const again = await packedAt('/style.css', {
        'Accept-Encoding': coding,
        'If-None-Match': headers.etag!,
      });
      expect(again.status).toBe(304);
      expect(again.headers.vary).toBe('Accept-Encoding');
    }
    expect(tags.size).toBe(4);
  });

  test('a file without them does not vary', async () => {
    expect((await packedAt('/digits.txt')).headers.vary).toBeUndefined();
  });

  test('a range is of the file itself', async () => {
    const answer = await packedAt('/style.css', {
      'Accept-Encoding': 'br',
      Range: 'bytes=0-0',
    });
    expect([answer.status, answer.body]).toEqual([206, 'a']);
    expect(answer.headers['content-encoding']).toBeUndefined();
  });
});

describe.each([
  ['writable', { writable: ['public/up/'], caches: [] }],
  ['caches', { writable: [], caches: ['public/up/'] }],
])('in a directory of %s', (key, config) => {
  test('a compressed file is sent by its own name only', async () => {
    const other = await startSite({
      config,
      isTreeImmutable: true,
      prepare: (appRoot, writableRoot, cachesRoot) => {
        const up = join(key === 'writable' ? writableRoot : cachesRoot, 'public/up');
        mkdirSync(up, { recursive: true });
        symlinkSync(up, join(appRoot, 'public/up'));
        for (const [path, text] of Object.entries(plain))
          writeFileSync(join(up, basename(path)), text);
      },
    });
    for (const name of ['a.css', 'a.css.gz']) {
      const { body, headers } = await get(other.port, `/up/${name}`, accept);
      expect([body, headers['content-encoding'], headers.vary]).toEqual([
        name,
        undefined,
        undefined,
      ]);
    }
    await other.close();
  });
});

test('with phpack serve as well', async () => {
  const inPlace = await startSite({ files: plain });
  expect((await get(inPlace.port, '/a.css', accept)).body).toBe('a.css');
  await inPlace.close();
});

describe('conditional requests', () => {
  let etag = '';
  let modified = '';
  beforeAll(async () => {
    const { headers } = await at('/digits.txt');
    etag = headers.etag!;
    modified = headers['last-modified']!;
  });
  const date = (offsetMs: number): string =>
    new Date(Date.parse(modified) + offsetMs).toUTCString();

  test('the tag is strong and quoted', () => {
    expect(etag).toMatch(/^"[\w-]+"$/);
  });

  test.each<[Record<string, () => string>, number]>([
    [{ 'If-None-Match': () => etag }, 304],
    [{ 'If-None-Match': () => `W/${etag}` }, 304],
    [{ 'If-None-Match': () => `"x", ${etag}` }, 304],
    [{ 'If-None-Match': () => '*' }, 304],
    [{ 'If-None-Match': () => '"x"' }, 200],
    [{ 'If-None-Match': () => etag.slice(1, -1) }, 200],
    [{ 'If-Modified-Since': () => modified }, 304],
    [{ 'If-Modified-Since': () => date(60_000) }, 304],
    [{ 'If-Modified-Since': () => date(-60_000) }, 200],
    [{ 'If-Modified-Since': () => 'yesterday' }, 200],
    [{ 'If-Modified-Since': () => '2035' }, 200],
    [{ 'If-None-Match': () => '"x"', 'If-Modified-Since': () => modified }, 200],
    [{ 'If-None-Match': () => etag, 'If-Modified-Since': () => date(-60_000) }, 304],
    [{ 'If-Match': () => etag }, 200],
    [{ 'If-Match': () => '*' }, 200],
    [{ 'If-Match': () => `"x", ${etag}` }, 200],
    [{ 'If-Match': () => '"x"' }, 412],
    [{ 'If-Match': () => `W/${etag}` }, 412],
    [{ 'If-Unmodified-Since': () => modified }, 200],
    [{ 'If-Unmodified-Since': () => date(-60_000) }, 412],
    [{ 'If-Unmodified-Since': () => 'nonsense' }, 200],
    [{ 'If-Match': () => etag, 'If-Unmodified-Since': () => date(-60_000) }, 200],
    [{ 'If-Match': () => '"x"', 'If-None-Match': () => etag }, 412],
  ])('%o is answered with %i', async (conditions, status) => {
    const headers = Object.fromEntries(
      Object.entries(conditions).map(([name, value]) => [name, value()]),
    );
    const answer = await at('/digits.txt', headers);
    expect(answer.status).toBe(status);
    if (status === 304) {
      expect(answer.headers.etag).toBe(etag);
      expect(answer.headers['content-length']).toBeUndefined();
      expect(answer.headers['content-type']).toBeUndefined();
    }
  });

  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', 200],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 200],
    ['Sun Nov  6 08:49:37 1994', 200],
    ['Fri, 06 Nov 2099 08:49:37 GMT', 304],
    ['Fri Nov  6 08:49:37 2099', 304],
  ])('the date form %s is understood', async (since, status) => {
    expect((await at('/digits.txt', { 'If-Modified-Since': since })).status).toBe(status);
  });

  test('a change gives another tag, also with the same length', async () => {
    writeFileSync(join(site.appRoot, 'public/change.txt'), 'one');
    const before = (await at('/change.txt')).headers.etag;
    writeFileSync(join(site.appRoot, 'public/change.txt'), 'two');
    const answer = await at('/change.txt', { 'If-None-Match': before! });
    expect([answer.status, answer.body]).toEqual([200, 'two']);
  });
});

describe('ranges', () => {
  test.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=0-', digits, 'bytes 0-9/10'],
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
    ['bytes=9-', '9', 'bytes 9-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', digits, 'bytes 0-9/10'],
    ['BYTES=1-2', '12', 'bytes 1-2/10'],
    ['bytes= 1-2 ', '12', 'bytes 1-2/10'],
    ['bytes=1-99999999999999999999', '123456789', 'bytes 1-9/10'],
    ['bytes=2-3,99-', '23', 'bytes 2-3/10'],
  ])('%s is a part', async (range, body, contentRange) => {
    const answer = await at('/digits.txt', { Range: range });
    expect([answer.status, answer.body]).toEqual([206, body]);
    expect(answer.headers['content-range']).toBe(contentRange);
    expect(answer.headers['content-length']).toBe(String(body.length));
  });

  test.each([
    'bytes=10-',
    'bytes=10-20',
    'bytes=-0',
    'bytes=99999999999999999999-',
    'bytes=11-12,13-14',
  ])('%s does not exist', async (range) => {
    const answer = await at('/digits.txt', { Range: range });
    expect(answer.status).toBe(416);
    expect(answer.headers['content-range']).toBe('bytes */10');
  });

  test.each([
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-2',
    'bytes=1-2-3',
    'bytes 1-2',
    'bytes=0x1-2',
    'items=0-1',
    'bytes=1-2,x',
    'bytes=0-9,0-9',
    `bytes=${'0-0,'.repeat(100)}1-1`,
  ])('%s means nothing: the whole file', async (range) => {
    const answer = await at('/digits.txt', { Range: range });
    expect([answer.status, answer.body]).toEqual([200, digits]);
    expect(answer.headers['accept-ranges']).toBe('bytes');
  });

  test('an empty file has no part', async () => {
    expect((await at('/empty.txt', { Range: 'bytes=0-' })).status).toBe(416);
  });

  test('HEAD ignores Range', async () => {
    const headers = { Range: 'bytes=0-1' };
    const answer = await request(site.port, 'HEAD', '/digits.txt', headers);
    expect([answer.status, answer.headers['content-length']]).toEqual([200, '10']);
  });

  test.each(['/digits.txt', '/big.bin'])(
    'several parts of %s arrive together',
    async (target) => {
      const answer = await at(target, { Range: 'bytes=0-1, 4-4, -2' });
      expect(answer.status).toBe(206);
      const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(
        answer.headers['content-type']!,
      )![1]!;
      expect(answer.headers['content-range']).toBeUndefined();
      const content = target === '/big.bin' ? big.toString('latin1') : digits;
      const type =
        target === '/big.bin' ? 'application/octet-stream' : 'text/plain; charset=utf-8';
      const size = content.length;
      const parts = [
        [0, 1],
        [4, 4],
        [size - 2, size - 1],
      ].map(
        ([start, end]) =>
          `\r\n--${boundary}\r\nContent-Type: ${type}\r\n` +
          `Content-Range: bytes ${start}-${end}/${size}\r\n\r\n${content.slice(start, end! + 1)}`,
      );
      expect(answer.body).toBe(`${parts.join('')}\r\n--${boundary}--\r\n`);
    },
  );

  test('parts that make up the whole file arrive as parts', async () => {
    const answer = await at('/digits.txt', { Range: 'bytes=0-4,5-9' });
    expect(answer.status).toBe(206);
    expect(answer.body).toContain('bytes 0-4/10\r\n\r\n01234\r\n');
    expect(answer.body).toContain('bytes 5-9/10\r\n\r\n56789\r\n');
  });

  test('parts of a big file are read from their place', async () => {
    const answer = await at('/big.bin', { Range: 'bytes=1000000-2999998' });
    expect(
      Buffer.from(answer.body, 'latin1').equals(big.subarray(1_000_000, 2_999_999)),
    ).toBe(true);
  });

  test('If-Range counts only for the version the client has', async () => {
    const { headers } = await at('/digits.txt');
    const status = async (ifRange: string): Promise<number> =>
      (await at('/digits.txt', { Range: 'bytes=0-0', 'If-Range': ifRange })).status;
    expect(await status(headers.etag!)).toBe(206);
    expect(await status(headers['last-modified']!)).toBe(206);
    expect(await status('"other"')).toBe(200);
    expect(await status(`W/${headers.etag}`)).toBe(200);
    expect(await status('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(200);
    expect(await status('nonsense')).toBe(200);
  });
});

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

test('a client that leaves in the midst of a file leaves nothing open', async () => {
  const path = join(site.appRoot, 'public/huge.bin');
  writeFileSync(path, Buffer.alloc(30_000_000));
  const clients = Array.from({ length: 5 }, () => {
    const client = new RawClient(site.port);
    client.socket.pause();
    return client.send('GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n');
  });
  while (openFiles().filter((file) => file === path).length < 5) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const client of clients) client.close();
  while (openFiles().includes(path))
    await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a file that shrinks while it is sent ends the connection', async () => {
  const path = join(site.appRoot, 'public/shrink.bin');
  writeFileSync(path, Buffer.alloc(30_000_000));
  const client = new RawClient(site.port);
  client.send('GET /shrink.bin HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.until(() => client.text.length > 0);
  client.socket.pause();
  writeFileSync(path, 'short');
  client.socket.resume();
  expect((await client.answer()).isComplete).toBe(false);
});

/** A version of a packed file, unpacked now, with the time that its content gives it. */
async function startVersion(content: string | Buffer, mtime: number): Promise<Site> {
  return startSite({
    files: { 'public/a.css': content },
    isTreeImmutable: true,
    prepare: (appRoot) => utimesSync(join(appRoot, 'public/a.css'), mtime, mtime),
  });
}

describe.each([
  ['small', 'one', 'two'],
  ['big', big, Buffer.from(big).fill('x', 0, 9)],
])('a packed file (%s)', (_, one, two) => {
  let old: Site;
  let next: Site;
  beforeAll(async () => {
    old = await startVersion(one, 1_200_000_000);
    next = await startVersion(two, 1_100_000_000);
  });
  afterAll(async () => {
    await old.close();
    await next.close();
  });

  test('has the time it was unpacked, so that browsers ask again soon', async () => {
    const { headers } = await get(next.port, '/a.css');
    const age = Date.now() - Date.parse(headers['last-modified']!);
    expect([age >= 0, age < 3_700_000]).toEqual([true, true]);
  });

  test.each(['If-None-Match', 'If-Modified-Since'])(
    'is known again by %s',
    async (name) => {
      const { headers } = await get(old.port, '/a.css');
      const value = name === 'If-None-Match' ? headers.etag : headers['last-modified'];
      expect((await get(old.port, '/a.css', { [name]: value! })).status).toBe(304);
    },
  );

  test('is known again by a time to come', async () => {
    const later = new Date(Date.now() + 60_000).toUTCString();
    const answer = await get(old.port, '/a.css', { 'If-Modified-Since': later });
    expect(answer.status).toBe(304);
  });

  // Whichever was unpacked first, and whichever has the later time.
  test('is sent after an upgrade and after the way back', async () => {
    const versions = [old, next];
    for (const [from, to] of [versions, versions.toReversed()]) {
      const { headers } = await get(from!.port, '/a.css');
      const date = headers['last-modified']!;
      const status = async (conditions: Record<string, string>): Promise<number> =>
        (await get(to!.port, '/a.css', conditions)).status;
      expect(await status({ 'If-None-Match': headers.etag! })).toBe(200);
      expect(await status({ 'If-Modified-Since': date })).toBe(200);
      expect(await status({ 'If-Modified-Since': headers.date! })).toBe(200);
      expect(await status({ 'If-Unmodified-Since': date })).toBe(412);
      expect(await status({ 'If-Range': date, Range: 'bytes=0-1' })).toBe(200);
    }
  });
});

test('an upload that was put back from a copy is sent, though its time is older', async () => {
  const file = site.write('public/restored.txt', 'new one');
  const date = (await at('/restored.txt')).headers['last-modified']!;
  writeFileSync(file, 'the old');
  utimesSync(file, 1_000_000_000, 1_000_000_000);
  const answer = await at('/restored.txt', { 'If-Modified-Since': date });
  expect([answer.status, answer.body]).toEqual([200, 'the old']);
});
