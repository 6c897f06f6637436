import { expect, test } from 'vitest';
import { headerOf, Php } from './php.ts';

test.each([
  ['http_response_code(404);', 404],
  ['header("HTTP/1.1 418 I am a teapot");', 418],
  ['header("Status: 402 Payment Required");', 402],
  ['header("Status: 402"); http_response_code(404);', 402],
  ['header("HTTP/1.0 410 Gone"); header("Status: 402");', 410],
  ['header("HTTP/1.0 410 Gone"); http_response_code(200);', 200],
  ['header("Location: /elsewhere");', 302],
  ['header("Location: /elsewhere", true, 301);', 301],
  ['http_response_code(201); header("Location: /new");', 201],
  ['header("X-A: 1", true, 503);', 503],
  ['header("HTTP/1.1 nonsense");', 200],
  ['http_response_code(99);', 500],
])('%s is answered with status %i', async (code, status) => {
  const php = new Php();
  const response = await php.get(`${code} echo "x";`);
  expect(response.status).toBe(status);
  expect(response.body.toString()).toBe('x');
  expect(headerOf(response, 'status')).toEqual([]);
});

test('a redirect after a form is a 302, as under php-fpm', async () => {
  const php = new Php();
  const request = { body: 'a=1', contentType: 'application/x-www-form-urlencoded' };
  const response = await php.get('header("Location: /done");', request);
  expect(response.status).toBe(302);
});

test.each([
  ['header("HTTP/1.1 404 Nope");', 404, 'Nope'],
  ['header("HTTP/1.0 200 Fine, caf\u00e9");', 200, 'Fine, caf\u00c3\u00a9'],
  ['header("Status: 418 Short and stout");', 418, 'Short and stout'],
  ['header("HTTP/1.1 200 Fine"); header("Status: 402 Pay");', 402, 'Pay'],
  // PHP says so itself: http_response_code() has no effect after a status line.
  ['header("HTTP/1.1 404 Nope"); http_response_code(500);', 404, 'Nope'],
  ['header("HTTP/1.1 404");', 404, ''],
  ['header("HTTP/1.1 404 " . str_repeat("x", 600));', 404, ''],
])('%s keeps its own reason phrase', async (code, status, reason) => {
  const php = new Php();
  const response = await php.get(`${code} echo "x";`);
  expect([response.status, response.reason]).toEqual([status, reason]);
  expect(response.headers.join()).not.toMatch(/status/i);
});

test('headers arrive in order, repeated ones too', async () => {
  const php = new Php();
  const response = await php.get(`
    header('X-A: 1'); header('Set-Cookie: a=1');
    setcookie('b', '2 3', ['path' => '/', 'httponly' => true]);
    header('X-Gone: 1'); header_remove('X-Gone');
    header('X-A: 2'); header('X-A: 3', false);
    header('X-UTF: caf\u00e9'); header('Content-Length: 2'); echo 'ok';`);
  expect(response.headers.join('|')).toBe(
    'Set-Cookie|a=1|Set-Cookie|b=2%203; path=/; HttpOnly|X-A|2|X-A|3|' +
      'X-UTF|caf\xc3\xa9|Content-Length|2|Content-type|text/html; charset=UTF-8',
  );
});

test('content type and charset come from php.ini or the script', async () => {
  const php = new Php({
    ini: { default_charset: 'iso-8859-1', default_mimetype: 'text/x' },
  });
  const types = async (code: string): Promise<string[]> =>
    headerOf(await php.get(code), 'content-type');
  expect(await types('')).toEqual(['text/x; charset=iso-8859-1']);
  expect(await types('header("Content-Type:");')).toEqual([]);
  expect(await types('header("Content-Type: image/png");')).toEqual(['image/png']);
  expect(await types('header("Content-Type: text/plain");')).toEqual([
    'text/plain;charset=iso-8859-1',
  ]);
  expect(await types('http_response_code(304);')).toEqual([]);
});

test('expose_php adds its header, header_remove() takes it away', async () => {
  const php = new Php({ ini: { expose_php: 1 } });
  expect(headerOf(await php.get(''), 'x-powered-by')[0]).toMatch(/^PHP\/8/);
  expect(headerOf(await php.get('header_remove();'), 'x-powered-by')).toEqual([]);
});

test('a script cannot smuggle a second header or a status line into one', async () => {
  const php = new Php();
  const response = await php.get(
    'header("X-A: 1\\r\\nX-B: 2"); header("X-C: 1\\0"); echo 1;',
  );
  expect(response.headers.join()).not.toMatch(/X-B|X-C/);
  await php.logged(/Header may not contain more than a single header/);
});

test('headers_sent() says where the output began', async () => {
  const php = new Php({ ini: { output_buffering: 0 } });
  const code =
    'echo "x";\n$s = headers_sent($f, $l); header("X-Late: 1");\necho ' +
    'json_encode([$s, basename($f) === basename(__FILE__), $l]);';
  expect(await php.text(code)).toBe('x[true,true,1]');
  await php.logged(/headers already sent/);
});

test('a header callback may still change the head', async () => {
  const php = new Php();
  const response = await php.get(
    'header_register_callback(function () { header("X-Last: " . ' +
      'count(headers_list())); http_response_code(202); }); echo 1;',
  );
  expect(headerOf(response, 'x-last')).toEqual(['1']);
  expect(response.status).toBe(202);
});

test('the response headers can be asked for under all their names', async () => {
  const php = new Php();
  const code =
    'header("X-A:  1"); header("X-A: 2", false); header("x-b: 3");' +
    'echo json_encode([apache_response_headers(), frankenphp_response_headers() === ' +
    'phpack_response_headers()]);';
  const [headers, same] = (await php.json(code)) as [Record<string, string>, boolean];
  expect(headers).toMatchObject({ 'X-A': '2', 'x-b': '3' });
  expect(same).toBe(true);
});

test('a HEAD request runs the whole script, without a body', async () => {
  const php = new Php({ ini: { output_buffering: 0 } });
  const code = 'header("Content-Length: 5"); echo "Hello"; error_log("ran on");';
  const response = await php.get(code, { method: 'HEAD' });
  expect(response.bytes).toBe(0);
  expect(headerOf(response, 'content-length')).toEqual(['5']);
  await php.logged('ran on');
});

test('a response head of more than 64 KiB is cut at a line and logged', async () => {
  const php = new Php();
  const code =
    'for ($i = 0; $i < 100; $i++) header("X-$i: " . str_repeat("v", 1000)); echo "body";';
  const response = await php.get(code);
  expect(response.body.toString()).toBe('body');
  const last = response.headers.at(-2)!;
  expect(headerOf(response, last.toLowerCase())).toEqual(['v'.repeat(1000)]);
  expect(response.headers.length).toBeGreaterThan(2 * 60);
  expect(response.headers.length).toBeLessThan(2 * 70);
  await php.logged(/Response head is larger than 65536 bytes/);
});
