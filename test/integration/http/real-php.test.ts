import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { get, RawClient, request } from './raw.ts';
import { type RealSite, startRealSite } from './real-site.ts';

const scripts = {
  'index.php': `header('Content-Type: application/json');
    echo json_encode(['server' => $_SERVER, 'get' => $_GET, 'post' => $_POST]);`,
  'hash.php': `$h = hash_init('md5'); $n = 0; $in = fopen('php://input', 'r');
    while (($p = fread($in, 65536)) !== '' && $p !== false) { hash_update($h, $p); $n += strlen($p); }
    echo $n, ' ', hash_final($h), ' ', $_SERVER['CONTENT_LENGTH'] ?? '-';`,
  'upload.php': `foreach ($_FILES as $f) echo $f['name'], ' ', $f['size'], ' ', md5_file($f['tmp_name']);`,
  'flush.php': `echo 'one'; flush(); while (!file_exists($_GET['go'])) usleep(1000); echo 'two';`,
  'mb.php': `$p = str_repeat('0123456789abcdef', 4096); for ($i = 0; $i < $_GET['mb'] * 16; $i++) echo $p;`,
  'redirect.php': `header('Location: /elsewhere?a=b');`,
  'length.php': `header('Content-Length: ' . $_GET['n']); echo 'hello';`,
  'status.php': `header('HTTP/1.1 404 Nope'); echo 'x';`,
  'die.php': `if (isset($_GET['out'])) { echo 'half'; flush(); usleep(100000); } posix_kill(getmypid(), 9);`,
  'cookies.php': `setcookie('a', '1'); setcookie('b', '2'); header('X-A: 1'); header('X-A: 2', false);`,
  'finish.php': `echo strlen(file_get_contents('php://input')); fastcgi_finish_request();
    while (!file_exists($_GET['go'])) usleep(1000);`,
  'abort.php': `ignore_user_abort(true); $f = $_GET['file']; file_put_contents($f, 'running');
    for ($i = 0; $i < 3000 && !connection_aborted(); $i++) { echo str_repeat('x', 1000); flush(); usleep(1000); }
    file_put_contents($f, 'aborted ' . connection_aborted());`,
};

let site: RealSite;
beforeAll(async () => {
  site = await startRealSite(scripts, { workers: 2 });
});
afterAll(() => site.close());

const hex = (binary: string): string => Buffer.from(binary, 'latin1').toString('hex');

test('a name that is not UTF-8 is served, run and told as it is', async () => {
  const path = (name: string): Buffer =>
    Buffer.from(`${site.appRoot}/public/${name}`, 'latin1');
  const code = 'echo bin2hex(basename(__FILE__)), bin2hex($_SERVER["SCRIPT_NAME"]);';
  mkdirSync(path('d\xe9'));
  writeFileSync(path('d\xe9/caf\xe9.txt'), 'text');
  writeFileSync(path('d\xe9/index.php'), `<?php ${code}`);
  writeFileSync(path('caf\xe9.php'), `<?php ${code} error_log('seen');`);
  const bodyOf = async (target: string) => (await get(site.port, target)).body;
  expect(await bodyOf('/caf%E9.php')).toBe(hex('caf\xe9.php') + hex('/caf\xe9.php'));
  expect(await bodyOf('/d%E9/caf%E9.txt')).toBe('text');
  expect(await bodyOf('/d%E9/')).toBe(hex('index.php') + hex('/d\xe9/index.php'));
  expect((await get(site.port, '/d%E9')).headers['location']).toBe('/d%E9/');
});

test('a script sees its request', async () => {
  const body = JSON.parse(
    (
      await request(
        site.port,
        'POST',
        '/index.php/a%20b/c?x=1&y[]=2',
        {
          'Content-Type': 'application/x-www-form-urlencoded',
          Host: 'shop.test:8080',
          'X-Custom': 'yes',
          Proxy: 'evil',
          X_Under: 'evil',
        },
        'p=q',
      )
    ).body,
  );
  expect(body).toMatchObject({
    get: { x: '1', y: ['2'] },
    post: { p: 'q' },
    server: {
      REQUEST_METHOD: 'POST',
      REQUEST_URI: '/index.php/a%20b/c?x=1&y[]=2',
      SCRIPT_NAME: '/index.php',
      PATH_INFO: '/a b/c',
      PHP_SELF: '/index.php/a b/c',
      QUERY_STRING: 'x=1&y[]=2',
      CONTENT_LENGTH: '3',
      CONTENT_TYPE: 'application/x-www-form-urlencoded',
      SERVER_PROTOCOL: 'HTTP/1.1',
      SERVER_NAME: 'shop.test',
      HTTP_HOST: 'shop.test:8080',
      HTTP_X_CUSTOM: 'yes',
      REMOTE_ADDR: '127.0.0.1',
    },
  });
  expect(body.server.REQUEST_ID).toMatch(/^[0-9a-f]{12}-\w+$/);
  expect(body.server).not.toHaveProperty('HTTP_PROXY');
  expect(body.server).not.toHaveProperty('HTTP_X_UNDER');
});

test.each([
  [3, '3 900150983cd24fb0d6963f7d28e17f72 3'],
  [500_000, /^500000 /],
])('a body of %i bytes is whole, with length and in chunks', async (size, expected) => {
  const body = size === 3 ? 'abc' : 'x'.repeat(size);
  const withLength = await request(site.port, 'POST', '/hash.php', {}, body);
  expect(withLength.body).toMatch(expected);
  const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const client = new RawClient(site.port);
  client.send('POST /hash.php HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  client.send(chunks);
  expect((await client.answer()).body).toBe(withLength.body);
  client.close();
});

test('an upload arrives as a file', async () => {
  const content = 'y'.repeat(3_000_000);
  const body = `--b\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n${content}\r\n--b--\r\n`;
  const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
  const answer = await request(site.port, 'POST', '/upload.php', headers, body);
  expect(answer.body).toMatch(/^a\.bin 3000000 /);
});

test('flush() reaches the client while the script runs on', async () => {
  const go = `${site.appRoot}/go`;
  const client = new RawClient(site.port);
  client.send(`GET /flush.php?go=${go} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await client.until(() => client.text.includes('one'));
  site.write('go', '');
  expect((await client.answer()).body).toBe('onetwo');
  client.close();
});

test('what a script says about itself is sent', async () => {
  const redirect = await get(site.port, '/redirect.php');
  expect([redirect.status, redirect.headers.location]).toEqual([302, '/elsewhere?a=b']);
  const client = new RawClient(site.port).send(
    'GET /status.php HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  await client.until(() => client.text.includes('\r\n\r\n'));
  expect(client.text).toMatch(/^HTTP\/1\.1 404 Nope\r\n/);
  client.close();
  const cookies = new RawClient(site.port).send(
    'GET /cookies.php HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  await cookies.until(() => cookies.text.includes('\r\n\r\n'));
  expect(cookies.text).toMatch(/Set-Cookie: a=1\r\n(?:.*\r\n)*?Set-Cookie: b=2\r\n/);
  expect(cookies.text).toMatch(/X-A: 1\r\nX-A: 2\r\n/);
  cookies.close();
});

test('a wrong Content-Length of a script harms nobody', async () => {
  expect((await get(site.port, '/length.php?n=5')).body).toBe('hello');
  expect((await get(site.port, '/length.php?n=2')).body).toBe('he');
  expect((await get(site.port, '/length.php?n=9')).isComplete).toBe(false);
});

test('HEAD runs the script and has no body', async () => {
  const answer = await request(site.port, 'HEAD', '/length.php?n=5');
  expect([answer.status, answer.headers['content-length']]).toEqual([200, '5']);
});

test('a script that is killed is 502, or an incomplete answer', async () => {
  expect((await get(site.port, '/die.php')).status).toBe(502);
  const half = await get(site.port, '/die.php?out');
  expect([half.status, half.body, half.isComplete]).toEqual([200, 'half', false]);
  expect((await get(site.port, '/hash.php')).status).toBe(200);
});

test('a script learns that its visitor left', async () => {
  const file = `${site.appRoot}/state`;
  const client = new RawClient(site.port);
  client.send(`GET /abort.php?file=${file} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await client.until(() => client.text.includes('xxx'));
  client.close();
  while (readFileSync(file, 'utf8') === 'running') {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(readFileSync(file, 'utf8')).toBe('aborted 1');
});

test('400 MB go down and up without being held in memory', async () => {
  const before = process.memoryUsage().rss;
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  let received = 0;
  await new Promise<void>((resolve, reject) => {
    const down = httpRequest({ port: site.port, path: '/mb.php?mb=400' }, (answer) => {
      answer.on('data', (chunk: Buffer) => (received += chunk.length));
      answer.on('end', () => resolve());
    });
    down.on('error', reject).end();
  });
  expect(received).toBe(400 * 1024 * 1024);
  const body = await new Promise<string>((resolve, reject) => {
    const up = httpRequest(
      { port: site.port, path: '/hash.php', method: 'POST' },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += String(chunk)));
        answer.on('end', () => resolve(text));
      },
    );
    up.on('error', reject);
    const piece = Buffer.alloc(1024 * 1024);
    let left = 400;
    const write = (): void => {
      while (left-- > 0) if (!up.write(piece)) return void up.once('drain', write);
      up.end();
    };
    write();
  });
  clearInterval(watch);
  expect(body).toMatch(/^419430400 /);
  expect(peak - before).toBeLessThan(200 * 1024 * 1024);
});

test.each([100_000, 1_000_000])(
  'a body of %i bytes counts until its script is done, not only until its answer',
  async (length) => {
    const go = join(site.appRoot, `go-${length}`);
    const body = 'x'.repeat(length);
    const answer = await request(site.port, 'POST', `/finish.php?go=${go}`, {}, body);
    expect(answer.body).toBe(String(length));
    const { heldBytes, spooledBytes } = site.front.stats();
    expect(heldBytes + spooledBytes).toBeGreaterThanOrEqual(length);
    writeFileSync(go, '');
    await vi.waitFor(() => {
      expect(site.front.stats()).toMatchObject({ heldBytes: 0, spooledBytes: 0 });
    });
  },
);
