import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { until } from '../channel/request.ts';
import { Php } from './php.ts';

const form = 'application/x-www-form-urlencoded';

const spools: number[] = [];
const dirs: string[] = [];

afterEach(() => {
  for (const fd of spools.splice(0)) closeSync(fd);
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

/** An unlinked file, as the front spools a large body. */
function spool(...parts: (string | number)[]): { fd: number; length: number } {
  const dir = mkdtempSync(join(tmpdir(), 'phpack-spool-'));
  dirs.push(dir);
  const path = join(dir, 'body');
  const fd = openSync(path, 'wx+');
  spools.push(fd);
  unlinkSync(path);
  let length = 0;
  for (const part of parts) {
    if (typeof part === 'number') {
      // A hole: 2 GB cost no disk.
      length += part;
      ftruncateSync(fd, length);
    } else {
      length += writeSync(fd, part, length);
    }
  }
  return { fd, length };
}

const boundary = 'xYzZY';
const multipart = `multipart/form-data; boundary=${boundary}`;

function part(name: string, filename?: string): string {
  const file = filename === undefined ? '' : `; filename="${filename}"`;
  const type = filename === undefined ? '' : '\r\nContent-Type: text/plain';
  const disposition = `Content-Disposition: form-data; name="${name}"${file}`;
  return `--${boundary}\r\n${disposition}${type}\r\n\r\n`;
}

test('a form fills $_POST, $_REQUEST and php://input', async () => {
  const php = new Php();
  const code = 'echo json_encode([$_POST, $_REQUEST, file_get_contents("php://input")]);';
  const request = { body: 'a=1&b[]=2&b[]=3', contentType: form, queryString: 'q=4' };
  const post = { a: '1', b: ['2', '3'] };
  expect(await php.json(code, request)).toEqual([
    post,
    { q: '4', ...post },
    'a=1&b[]=2&b[]=3',
  ]);
  expect(await php.json(code)).toEqual([[], [], '']);
});

test.each(['PUT', 'PATCH', 'DELETE'])(
  '%s leaves its body in php://input',
  async (method) => {
    const php = new Php();
    const code =
      'echo json_encode([$_POST, file_get_contents("php://input"), ' +
      '$_SERVER["REQUEST_METHOD"]]);';
    const request = { method, body: 'a=1', contentType: form };
    expect(await php.json(code, request)).toEqual([[], 'a=1', method]);
  },
);

test('request_parse_body() parses what PHP does not parse by itself', async () => {
  const php = new Php();
  const code = 'echo json_encode(request_parse_body());';
  const body = `${part('a')}1\r\n--${boundary}--\r\n`;
  const request = { method: 'PUT', body, contentType: multipart };
  expect(await php.json(code, request)).toEqual([{ a: '1' }, []]);
});

test('a body can be read twice, and in pieces', async () => {
  const php = new Php();
  const code =
    '$f = fopen("php://input", "r"); $a = fread($f, 3); rewind($f);' +
    'echo $a, "|", stream_get_contents($f), "|", file_get_contents("php://input");';
  const request = { body: 'abcdef', contentType: 'text/plain' };
  expect(await php.text(code, request)).toBe('abc|abcdef|abcdef');
});

test('enable_post_data_reading=0 leaves everything to the script', async () => {
  const php = new Php({ ini: { enable_post_data_reading: 0 } });
  const code = 'echo count($_POST), " ", file_get_contents("php://input");';
  expect(await php.text(code, { body: 'a=1', contentType: form })).toBe('0 a=1');
});

test('post_max_size and max_input_vars limit what is parsed', async () => {
  const php = new Php({ ini: { post_max_size: 100, max_input_vars: 3 } });
  const code = 'echo count($_POST);';
  const long = await php.text(code, {
    body: `a=${'x'.repeat(200)}`,
    contentType: form,
  });
  expect(long).toBe('0');
  await php.logged(/exceeds the limit of 100 bytes/);
  const many = await php.text(code, { body: 'a=1&b=2&c=3&d=4&e=5', contentType: form });
  // PHP adds the one by which it notices.
  expect(many).toBe('4');
  await php.logged(/Input variables exceeded 3/);
});

test('uploads are files that can be moved once, and vanish otherwise', async () => {
  const php = new Php();
  const body =
    `${part('note')}hi\r\n${part('one', 'a.txt')}first\r\n` +
    `${part('many[]', 'b.txt')}second\r\n` +
    `${part('none', '')}\r\n--${boundary}--\r\n`;
  const code = `
    $f = $_FILES['one']; $to = __DIR__ . '/moved';
    echo json_encode([
      $_POST, $f['name'], $f['type'], $f['size'], $f['error'],
      is_uploaded_file($f['tmp_name']),
      move_uploaded_file($f['tmp_name'], $to), file_get_contents($to),
      is_uploaded_file($f['tmp_name']), dirname($f['tmp_name']),
      $_FILES['many']['name'], $_FILES['none']['error'], $_FILES['many']['tmp_name'][0],
    ]);`;
  const result = (await php.json(code, { body, contentType: multipart })) as unknown[];
  expect(result.slice(0, -1)).toEqual([
    { note: 'hi' },
    'a.txt',
    'text/plain',
    5,
    0,
    true,
    true,
    'first',
    false,
    php.root,
    ['b.txt'],
    4,
  ]);
  const left = JSON.stringify(result.at(-1));
  expect(await php.text(`echo json_encode(file_exists(${left}));`)).toBe('false');
});

test('a large body arrives through a descriptor, also when nobody reads it', async () => {
  const php = new Php();
  const text = 'z'.repeat(300_000);
  const { fd, length } = spool(text);
  const body = { kind: 'file', fd, length } as const;
  const code =
    'echo md5(file_get_contents("php://input")), " ", $_SERVER["CONTENT_LENGTH"];';
  const expected = await php.text(`echo md5(str_repeat("z", 300000)), " 300000";`);
  expect(await php.text(code, { body, contentType: 'text/plain' })).toBe(expected);
  expect(await php.text('echo "unread";', { body, method: 'PUT' })).toBe('unread');
  expect(await php.text(code, { body, contentType: 'text/plain' })).toBe(expected);
  expect(await php.text('echo count(glob("/proc/self/fd/*"));')).toBe(
    await php.text('echo count(glob("/proc/self/fd/*"));'),
  );
});

test('an upload of more than 2 GB costs no memory', async () => {
  const size = 2 ** 31 + 5;
  const php = new Php({
    ini: { upload_max_filesize: '3G', post_max_size: '3G', memory_limit: '16M' },
  });
  const body = spool(part('f', 'big'), size, `\r\n--${boundary}--\r\n`);
  const code =
    'echo json_encode([$_FILES["f"]["size"], $_FILES["f"]["error"], ' +
    'memory_get_peak_usage() < 8e6]);';
  const response = await php.json(code, {
    body: { kind: 'file', ...body },
    contentType: multipart,
  });
  expect(response).toEqual([size, 0, true]);
  expect(php.worker(0, 'requests')).toBe(1);
}, 400_000);

test('a streamed body reaches the script while it is still being sent', async () => {
  const php = new Php();
  const stream = new PassThrough();
  const code =
    '$f = fopen("php://input", "r"); while (($l = fgets($f)) !== false) { echo $l; ' +
    'flush(); }';
  const body = { kind: 'stream', stream } as const;
  const response = php.send(code, { method: 'PUT', body });
  for (let i = 1; i <= 3; i++) {
    // php://input reads in blocks of 16 KiB.
    stream.write(`${'x'.repeat(16_383)}\n`);
    await until(() => response.bytes === i * 16_384, `line ${i}`);
  }
  stream.end('end');
  await response.settled();
  expect(response.body.toString().slice(-3)).toBe('end');
});

test('a form whose client breaks off never reaches the script', async () => {
  const php = new Php();
  const stream = new PassThrough();
  const code = 'touch(__DIR__ . "/ran"); echo "ran";';
  const body = { kind: 'stream', stream } as const;
  const response = php.send(code, { body, contentType: form, contentLength: '100' });
  stream.write('a=1&b=');
  await until(() => php.pool.stats().busy === 1, 'a worker to take it');
  stream.destroy(new Error('reset'));
  await response.settled();
  expect(response.body.toString()).toBe('');
  expect(await php.text('echo json_encode(file_exists(__DIR__ . "/ran"));')).toBe(
    'false',
  );
});

test('a script that reads by itself learns that its client broke off', async () => {
  const php = new Php();
  const stream = new PassThrough();
  const code =
    '$b = file_get_contents("php://input"); error_log("got " . strlen($b) . ' +
    'connection_aborted());';
  const response = php.send(code, { method: 'PUT', body: { kind: 'stream', stream } });
  stream.write('half');
  await until(() => php.pool.stats().busy === 1, 'a worker to take it');
  stream.destroy(new Error('reset'));
  await response.settled();
  await php.logged('got 41');
});

test('an upload of unknown length is parsed as it streams in', async () => {
  const php = new Php();
  const stream = new PassThrough();
  const body = { kind: 'stream', stream } as const;
  const code =
    'echo json_encode([$_POST, $_FILES["f"]["size"], $_SERVER["CONTENT_LENGTH"]]);';
  const response = php.send(code, { body, contentType: multipart });
  stream.write(`${part('a')}1\r\n${part('f', 'f')}`);
  for (let i = 0; i < 50; i++) stream.write('z'.repeat(10_000));
  stream.end(`\r\n--${boundary}--\r\n`);
  await response.settled();
  expect(JSON.parse(response.body.toString())).toEqual([{ a: '1' }, 500_000, '']);
});
