import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { get, type RawAnswer, request } from './raw.ts';
import { type Site, startSite } from './site.ts';

interface Ran {
  scriptName: string;
  pathInfo: string;
  target: string;
  queryString: string;
  scriptFilename: string;
}

function ran(answer: RawAnswer): Ran {
  expect(answer.status).toBe(200);
  expect(answer.headers['x-php']).toBe('1');
  return JSON.parse(answer.body) as Ran;
}

const files = {
  'public/index.php': '<?php',
  'public/other.php': '<?php',
  'public/UPPER.PHP': '<?php',
  'public/page.txt': 'page',
  'public/with space.txt': 'space',
  'public/p%2Fq.txt': 'percent',
  'public/\xfc.txt': 'umlaut',
  'public/sub/index.php': '<?php',
  'public/sub/tool.php': '<?php',
  'public/sub/a.txt': 'a in sub',
  'public/html/index.html': '<p>html',
  'public/both/index.html': '<p>both',
  'public/both/index.php': '<?php',
  'public/empty/x.txt': 'x',
  'public/dir.php/deep.php': '<?php',
  'public/dir.php/file.txt': 'in dir.php',
  'public/a.php.d/c.txt': 'c',
  'secret.txt': 'secret',
};

let site: Site;
beforeAll(async () => {
  site = await startSite({ files });
});
afterAll(() => site.close());

/** Target → script and path info. */
const scripts: Record<string, [string, string]> = {
  '/': ['/index.php', ''],
  '/index.php': ['/index.php', ''],
  '/index.php/': ['/index.php', '/'],
  '/index.php/a/b': ['/index.php', '/a/b'],
  '/index.php/a/b/': ['/index.php', '/a/b/'],
  '/index.php/a%20b': ['/index.php', '/a b'],
  '/index.php/x.php/y': ['/index.php', '/x.php/y'],
  '/index.php/a%2Fb': ['/index.php', '/a/b'],
  '/index.php/a%252Fb': ['/index.php', '/a%2Fb'],
  '/other.php': ['/other.php', ''],
  '/other.php/x?y=/z.php/': ['/other.php', '/x'],
  '/UPPER.PHP': ['/UPPER.PHP', ''],
  '/UPPER.PHP/x': ['/UPPER.PHP', '/x'],
  '/sub/': ['/sub/index.php', ''],
  '/sub/tool.php/x': ['/sub/tool.php', '/x'],
  '/both/': ['/both/index.php', ''],
  '/dir.php/deep.php': ['/dir.php/deep.php', ''],
  '/dir.php/deep.php/i': ['/dir.php/deep.php', '/i'],
  // No such file: the front controller.
  '/nothing': ['/index.php', ''],
  '/nothing/here.html': ['/index.php', ''],
  '/nothing.php': ['/index.php', ''],
  '/nothing.php/x': ['/index.php', ''],
  '/sub/nothing': ['/index.php', ''],
  '/empty/': ['/index.php', ''],
  '/page.txt/': ['/index.php', ''],
  '/page.txt/x': ['/index.php', ''],
  '/PAGE.TXT': ['/index.php', ''],
  // Another spelling of a script is no script.
  '/index.PHP': ['/index.php', ''],
  '/other.pHp/x': ['/index.php', ''],
  '/other.php%00': ['', ''],
  '/other.php%20': ['/index.php', ''],
  '/other.php.': ['/index.php', ''],
  '/other.php;a=b': ['/index.php', ''],
  '/other.php%2Fx': ['/index.php', ''],
  '/sub%2Ftool.php': ['/index.php', ''],
  '/sub%5Ctool.php': ['/index.php', ''],
  '/sub\\tool.php': ['/index.php', ''],
  // Unicode look-alikes and letters whose lower case has another length.
  '/other.%EF%BD%90hp': ['/index.php', ''],
  '/%C8%BA%C8%BA%C8%BA%C8%BAother.php/x': ['/index.php', ''],
  '/other%C8%BA.php/x': ['/index.php', ''],
  '/other.ph%E1%B5%96/x': ['/index.php', ''],
  // Normalisation.
  '//': ['/index.php', ''],
  '//sub//tool.php//x': ['/sub/tool.php', '/x'],
  '/sub/./tool.php': ['/sub/tool.php', ''],
  '/sub/../other.php': ['/other.php', ''],
  '/sub/%2e%2e/other.php': ['/other.php', ''],
  '/sub/%2E%2E/%6Fther.php': ['/other.php', ''],
  '/sub/x/..': ['/sub/index.php', ''],
  '/sub/.': ['/sub/index.php', ''],
  '/%252e%252e/secret.txt': ['/index.php', ''],
  '/..;/secret.txt': ['/index.php', ''],
  '/...': ['/index.php', ''],
  '/?x=../../..': ['/index.php', ''],
};

for (const [target, [script, pathInfo]] of Object.entries(scripts)) {
  if (script === '') continue;
  test(`${target} runs ${script} with path info "${pathInfo}"`, async () => {
    const {
      scriptName,
      pathInfo: info,
      target: uri,
      ...head
    } = ran(await get(site.port, target));
    expect([scriptName, info, uri]).toEqual([script, pathInfo, target]);
    expect(head.scriptFilename).toBe(join(site.appRoot, 'public', script));
    const mark = target.indexOf('?');
    expect(head.queryString).toBe(mark < 0 ? '' : target.slice(mark + 1));
  });
}

const sent: Record<string, string> = {
  '/page.txt': 'page',
  '/page.txt?x': 'page',
  '/with%20space.txt': 'space',
  '/p%252Fq.txt': 'percent',
  '/%C3%BC.txt': 'umlaut',
  '/sub/a.txt': 'a in sub',
  '//sub///a.txt': 'a in sub',
  '/sub/%61.txt': 'a in sub',
  '/html/': '<p>html',
  '/html/index.html': '<p>html',
  '/dir.php/file.txt': 'in dir.php',
  '/a.php.d/c.txt': 'c',
};

for (const [target, body] of Object.entries(sent)) {
  test(`${target} is the file`, async () => {
    const answer = await get(site.port, target);
    expect([answer.status, answer.body]).toEqual([200, body]);
  });
}

const refused = [
  '/../secret.txt',
  '/..',
  '/sub/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/%2e%2e%2fsecret.txt',
  '/..%2fsecret.txt',
  '/sub/..%2f..%2fsecret.txt',
  '/index.php/..%2f..%2fsecret.txt',
  '/index.php/../../secret.txt',
  '/sub%2Fx/../page.txt',
  '/sub/x%2f/../a.txt',
  '/%',
  '/%2',
  '/%zz',
  '/%u0041',
  '/a%00',
  '/page.txt%00.jpg',
  '/other.php%00',
  '/index.php/%00',
];

for (const target of refused) {
  test(`${target} is refused`, async () => {
    const before = site.pool.exchanges.length;
    expect((await get(site.port, target)).status).toBe(400);
    expect(site.pool.exchanges.length).toBe(before);
  });
}

const redirected: Record<string, string> = {
  '/sub': '/sub/',
  '/sub?a=b&c': '/sub/?a=b&c',
  '/sub?': '/sub/?',
  '//sub': '/sub/',
  '/html': '/html/',
  '//example.com/..//sub': '/sub/',
  '/%2e/sub': '/sub/',
};

for (const [target, location] of Object.entries(redirected)) {
  test(`${target} is redirected to ${location}`, async () => {
    const answer = await get(site.port, target);
    expect([answer.status, answer.headers.location]).toEqual([308, location]);
    expect(answer.headers['content-length']).toBe('0');
  });
}

test('a redirect never leads to another host, whatever a directory is called', async () => {
  site.write('public/\\example.com/index.php', '<?php');
  site.write('public/a\r\nSet-Cookie: b/index.php', '<?php');
  const backslash = await get(site.port, '/%5Cexample.com');
  expect(backslash.headers.location).toBe('/%5Cexample.com/');
  const split = await get(site.port, '/a%0d%0aSet-Cookie:%20b');
  expect(split.status).toBe(308);
  expect(split.headers.location).toBe('/a%0D%0ASet-Cookie:%20b/');
  expect(split.headers['set-cookie']).toBeUndefined();
});

test('POST keeps its method at a redirect', async () => {
  expect((await request(site.port, 'POST', '/sub', {}, 'a=b')).status).toBe(308);
});

test('an absolute target wins over Host', async () => {
  const answer = await request(site.port, 'GET', 'http://other.test:8080/sub/?q');
  const head = JSON.parse(answer.body);
  expect(head).toMatchObject({ target: '/sub/?q', serverName: 'other.test' });
  expect(head.rawHeaders).toEqual(['Host', 'other.test:8080']);
});

test('an absolute target without path is the root', async () => {
  const answer = await request(site.port, 'GET', 'HTTP://other.test?q');
  expect(JSON.parse(answer.body)).toMatchObject({
    target: '/?q',
    scriptName: '/index.php',
  });
});

test('files that appear or disappear while the server runs are noticed', async () => {
  expect(ran(await get(site.port, '/new.txt')).scriptName).toBe('/index.php');
  const path = site.write('public/new.txt', 'one');
  expect((await get(site.port, '/new.txt')).body).toBe('one');
  writeFileSync(path, 'two!');
  expect((await get(site.port, '/new.txt')).body).toBe('two!');
  execFileSync('rm', [path]);
  expect(ran(await get(site.port, '/new.txt')).scriptName).toBe('/index.php');
});

describe('without a front controller', () => {
  let plain: Site;
  beforeAll(async () => {
    plain = await startSite({
      files: { 'public/a.php': '<?php', 'public/d/x': 'x' },
      config: { frontController: '' },
    });
  });
  afterAll(() => plain.close());

  test.each(['/', '/nothing', '/d', '/d/', '/a.php.bak', '/b.php/x'])(
    '%s is 404',
    async (target) => {
      const answer = await get(plain.port, target);
      expect(answer.status).toBe(404);
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    },
  );

  test('a script of its own name runs', async () => {
    expect(ran(await get(plain.port, '/a.php/x')).pathInfo).toBe('/x');
  });
});

describe('with rules of a template', () => {
  let ruled: Site;
  beforeAll(async () => {
    ruled = await startSite({
      files: {
        'public/index.php': '<?php',
        'public/install.php': '<?php',
        'public/core/install.php': '<?php',
        'public/core/lib/x.php': '<?php',
        'public/admin/index.php': '<?php',
        'public/vendor/index.php': '<?php',
        'public/files/shell.php': '<?php',
        'public/files/shell.php5': '<?php',
        'public/files/ok.txt': 'ok',
        'public/files/sub/index.php': '<?php',
        'public/config/a.yml': 'a: b',
        'public/private/a.txt': 'private',
        'public/b.yml': 'b',
      },
      config: {
        entryScripts: ['install.php', 'core/*.php', 'admin/**'],
        noPhp: ['files'],
        deny: ['**/*.yml', 'private', '**/*.*.*.*.*sql'],
      },
    });
  });
  afterAll(() => ruled.close());

  test.each([
    ['/install.php', '/install.php'],
    ['/core/install.php/x', '/core/install.php'],
    ['/admin/', '/admin/index.php'],
    ['/core/lib/x.php', '/index.php'],
    ['/vendor/', '/index.php'],
    ['/vendor', '/index.php'],
    ['/files/shell.php', '/index.php'],
    ['/files/shell.php/x', '/index.php'],
    ['/files/shell.php5', '/index.php'],
    ['/files/sub/', '/index.php'],
    ['/files/sub', '/index.php'],
    ['/files/./shell.php', '/index.php'],
    ['/x/../files//shell.php', '/index.php'],
    ['/b.yml', '/index.php'],
    ['/config/a.yml', '/index.php'],
    ['/private/a.txt', '/index.php'],
    ['/private', '/index.php'],
    ['/index.php', '/index.php'],
  ])('%s runs %s', async (target, script) => {
    expect(ran(await get(ruled.port, target)).scriptName).toBe(script);
  });

  test('no name is so long that a rule takes its time', async () => {
    const target = `/${'a.'.repeat(2000)}.php/x`;
    expect(ran(await get(ruled.port, target)).scriptName).toBe('/index.php');
  });

  test('other files beside them are served', async () => {
    expect((await get(ruled.port, '/files/ok.txt')).body).toBe('ok');
  });
});

describe('symlinks', () => {
  let linked: Site;
  beforeAll(async () => {
    linked = await startSite({
      files: {
        'public/index.php': '<?php',
        'storage/app/a.txt': 'stored',
        'storage/app/x.php': '<?php',
        '.env': 'PASSWORD=1',
        '.git/config': 'password = 1',
        '.git/objects/1': 'object',
        'public/.hidden/a.txt': 'hidden',
        'known/a.txt': 'known',
        'src/Kernel.php': '<?php',
      },
      config: { noPhp: ['files'], deny: ['files/secret'], writable: ['public/files/'] },
      prepare: (appRoot, writableRoot) => {
        const outside = join(appRoot, '../outside');
        mkdirSync(outside);
        writeFileSync(join(outside, 'o.txt'), 'outside');
        writeFileSync(join(outside, 'o.php'), '<?php');
        const files = join(writableRoot, 'public/files');
        mkdirSync(join(files, 'secret'), { recursive: true });
        writeFileSync(join(files, 'up.txt'), 'uploaded');
        writeFileSync(join(files, 'evil.php'), '<?php');
        writeFileSync(join(files, 'secret/s.txt'), 'secret');
        writeFileSync(join(writableRoot, 'other.txt'), 'other');
        const link = (target: string, path: string): void =>
          symlinkSync(target, join(appRoot, 'public', path));
        link(files, 'files');
        link('../storage/app', 'storage');
        link(outside, 'out');
        link(join(outside, 'o.txt'), 'o.txt');
        link(join(outside, 'o.php'), 'o.php');
        link('/etc/passwd', 'passwd.txt');
        link('../.env', 'env.txt');
        link('../.git', 'git');
        link('../.git/config', 'config.txt');
        link('.hidden', 'shown');
        link('../known', '.well-known');
        link('../src/Kernel.php', 'kernel.txt');
        link('files/secret', 'public-secret');
        link('files/evil.php', 'evil.php');
        link('files', 'files2');
        link('loop', 'loop');
        symlinkSync(outside, join(files, 'out'));
        execFileSync('mkfifo', [join(files, 'fifo')]);
        mkdirSync(join(files, 'directory'));
      },
    });
  });
  afterAll(() => linked.close());

  test.each([
    ['/storage/a.txt', 'stored'],
    ['/files/up.txt', 'uploaded'],
    ['/files2/up.txt', 'uploaded'],
    ['/.well-known/a.txt', 'known'],
  ])('%s within the app or its data is served', async (target, body) => {
    expect((await get(linked.port, target)).body).toBe(body);
  });

  test.each([
    '/out/o.txt',
    '/o.txt',
    '/o.php',
    '/out/o.php',
    '/passwd.txt',
    '/env.txt',
    '/git/config',
    '/git/objects/1',
    '/config.txt',
    '/shown/a.txt',
    '/kernel.txt',
    '/public-secret/s.txt',
    '/files/secret/s.txt',
    '/evil.php',
    '/files2/evil.php',
    '/files/out/o.txt',
    '/files/fifo',
    '/files/directory',
    '/loop',
  ])('%s is as if it did not exist', async (target) => {
    expect(ran(await get(linked.port, target)).scriptName).toBe('/index.php');
  });

  test('a script behind a symlink within the app runs', async () => {
    expect(ran(await get(linked.port, '/storage/x.php')).scriptName).toBe(
      '/storage/x.php',
    );
  });
});

describe('a writable directory that is a link to another disk', () => {
  let site: Site;
  const disk = mkdtempSync(join(tmpdir(), 'phpack-disk-'));
  beforeAll(async () => {
    mkdirSync(join(disk, 'secret'));
    for (const name of ['up.txt', 'evil.php', 'secret/s.txt']) {
      writeFileSync(join(disk, name), name);
    }
    symlinkSync('/etc/passwd', join(disk, 'out.txt'));
    site = await startSite({
      isTreeImmutable: true,
      config: { noPhp: ['files'], deny: ['files/secret'], writable: ['public/files/'] },
      moved: [{ path: 'public/files', target: disk }],
      prepare: (appRoot, writableRoot) => {
        const link = (target: string, path: string): void =>
          symlinkSync(target, join(appRoot, 'public', path));
        mkdirSync(join(writableRoot, 'public'));
        symlinkSync(disk, join(writableRoot, 'public/files'));
        link(join(writableRoot, 'public/files'), 'files');
        link('files/secret', 'alias');
        link('files/evil.php', 'evil.php');
      },
    });
  });
  afterAll(async () => {
    await site.close();
    rmSync(disk, { recursive: true });
  });

  test('its files are served, also those that come later', async () => {
    expect((await get(site.port, '/files/up.txt')).body).toBe('up.txt');
    writeFileSync(join(disk, 'new.txt'), 'new');
    expect((await get(site.port, '/files/new.txt')).body).toBe('new');
  });

  test.each(['/files/evil.php', '/evil.php', '/alias/s.txt', '/files/out.txt'])(
    'the rules are those of its place in the app: %s',
    async (path) => {
      expect(ran(await get(site.port, path)).scriptName).toBe('/index.php');
    },
  );
});

describe('in an unchanging tree', () => {
  let packed: Site;
  let uploads: string;
  let caches: string;
  beforeAll(async () => {
    packed = await startSite({
      files: { 'public/index.php': '<?php', 'public/a.txt': 'a' },
      isTreeImmutable: true,
      config: { writable: ['public/files/'], noPhp: ['cache'] },
      prepare: (appRoot, writableRoot, cachesRoot) => {
        mkdirSync(join(cachesRoot, 'public/cache'), { recursive: true });
        symlinkSync(join(cachesRoot, 'public/cache'), join(appRoot, 'public/cache'));
        caches = join(cachesRoot, 'public/cache');
        symlinkSync(join(writableRoot, 'robots.txt'), join(appRoot, 'public/robots.txt'));
        uploads = join(writableRoot, 'public/files');
        mkdirSync(uploads, { recursive: true });
        symlinkSync(uploads, join(appRoot, 'public/files'));
      },
    });
  });
  afterAll(() => packed.close());

  test('what lies in a writable directory may come, change and go', async () => {
    expect(ran(await get(packed.port, '/files/s/new.txt')).scriptName).toBe('/index.php');
    mkdirSync(join(uploads, 's'));
    writeFileSync(join(uploads, 's/new.txt'), 'one');
    expect((await get(packed.port, '/files/s/new.txt')).body).toBe('one');
    writeFileSync(join(uploads, 's/new.txt'), 'two!');
    expect((await get(packed.port, '/files/s/new.txt')).body).toBe('two!');
    execFileSync('rm', [join(uploads, 's/new.txt')]);
    expect(ran(await get(packed.port, '/files/s/new.txt')).scriptName).toBe('/index.php');
  });

  test('caches too', async () => {
    expect(ran(await get(packed.port, '/cache/a.css')).scriptName).toBe('/index.php');
    writeFileSync(join(caches, 'a.css'), 'one');
    expect((await get(packed.port, '/cache/a.css')).body).toBe('one');
    writeFileSync(join(caches, 'evil.php'), '<?php');
    expect(ran(await get(packed.port, '/cache/evil.php')).scriptName).toBe('/index.php');
  });

  test('a declared file may be written at any time', async () => {
    expect(ran(await get(packed.port, '/robots.txt')).scriptName).toBe('/index.php');
    writeFileSync(join(packed.appRoot, 'public/robots.txt'), 'robots');
    expect((await get(packed.port, '/robots.txt')).body).toBe('robots');
  });

  test('the tree itself is looked at once', async () => {
    expect(ran(await get(packed.port, '/none')).scriptName).toBe('/index.php');
    expect((await get(packed.port, '/a.txt')).body).toBe('a');
    packed.write('public/none', 'now there');
    packed.write('public/a.txt', 'changed');
    expect(ran(await get(packed.port, '/none')).scriptName).toBe('/index.php');
    expect((await get(packed.port, '/a.txt')).body).toBe('a');
  });
});
