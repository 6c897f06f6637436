import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Php, type PhpRequest } from './php.ts';

const fixture = join(import.meta.dirname, '../../fixtures/php/server-variables.php');

/** `$_SERVER` without the process' environment, which is the machine's. */
async function serverOf(php: Php, request: PhpRequest): Promise<Record<string, unknown>> {
  copyFileSync(fixture, join(php.docroot, 'index.php'));
  const response = await php.sendTo('/index.php', request).settled();
  const all = JSON.parse(response.body.toString()) as Record<string, unknown>;
  for (const name of ['PATH', 'PHPRC', 'PHP_INI_SCAN_DIR', 'PWD', 'SHLVL', '_']) {
    delete all[name];
  }
  return all;
}

test('$_SERVER of a plain request is complete', async () => {
  const php = new Php({ ini: { register_argc_argv: 0 } });
  const all = await serverOf(php, {
    queryString: 'a=1&b=x+y',
    headers: ['Host: app.example:8080', 'User-Agent: test/1', 'accept: */*'],
  });
  expect(all).toEqual({
    CONTENT_LENGTH: '',
    CONTENT_TYPE: '',
    DOCUMENT_ROOT: php.docroot,
    DOCUMENT_URI: '/index.php',
    GATEWAY_INTERFACE: 'CGI/1.1',
    HTTP_ACCEPT: '*/*',
    HTTP_HOST: 'app.example:8080',
    HTTP_USER_AGENT: 'test/1',
    PHP_SELF: '/index.php',
    QUERY_STRING: 'a=1&b=x+y',
    REMOTE_ADDR: '192.0.2.7',
    REMOTE_HOST: '192.0.2.7',
    REMOTE_PORT: '40000',
    REQUEST_METHOD: 'GET',
    REQUEST_SCHEME: 'http',
    REQUEST_TIME: 'integer 1',
    REQUEST_TIME_FLOAT: 'double 1',
    REQUEST_URI: '/index.php?a=1&b=x+y',
    SCRIPT_FILENAME: join(php.docroot, 'index.php'),
    SCRIPT_NAME: '/index.php',
    SERVER_ADDR: '192.0.2.1',
    SERVER_NAME: 'app.example',
    SERVER_PORT: '8080',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_SOFTWARE: 'phpack (like nginx)',
  });
});

test('$_SERVER of a request with everything is complete', async () => {
  const php = new Php({ ini: { register_argc_argv: 1 } });
  const all = await serverOf(php, {
    method: 'POST',
    target: '/index.php/caf%C3%A9?x+y',
    protocol: 'HTTP/1.0',
    scheme: 'https',
    pathInfo: '/caf\xc3\xa9',
    queryString: 'x+y',
    contentType: 'text/plain',
    body: 'hello',
    headers: [
      'Host: a.example',
      'Content-Type: text/plain',
      'content-length: 5',
      'X-List: one',
      'x-list: two',
      'Cookie: a=1',
      'cookie: b=2',
      `Authorization: Basic ${Buffer.from('jo:se:cret').toString('base64')}`,
    ],
    variables: ['FROM_FRONT', 'yes', 'REMOTE_ADDR', '198.51.100.1'],
  });
  expect(all).toEqual({
    ...(await serverOf(php, { queryString: 'x+y' })),
    CONTENT_LENGTH: '5',
    CONTENT_TYPE: 'text/plain',
    FROM_FRONT: 'yes',
    HTTP_AUTHORIZATION: 'Basic am86c2U6Y3JldA==',
    HTTP_COOKIE: 'a=1; b=2',
    HTTP_HOST: 'a.example',
    HTTP_X_LIST: 'one, two',
    HTTPS: 'on',
    PATH_INFO: '/café',
    PATH_TRANSLATED: `${php.docroot}/café`,
    PHP_AUTH_PW: 'se:cret',
    PHP_AUTH_USER: 'jo',
    PHP_SELF: '/index.php/café',
    REMOTE_ADDR: '198.51.100.1',
    REQUEST_METHOD: 'POST',
    REQUEST_SCHEME: 'https',
    REQUEST_URI: '/index.php/caf%C3%A9?x+y',
    SERVER_PROTOCOL: 'HTTP/1.0',
    argc: 2,
    argv: ['x', 'y'],
  });
});

test('one visitor never sees the credentials of another', async () => {
  const php = new Php();
  const basic = { headers: ['Authorization: Basic dTpw', 'Cookie: s=1', 'X-A: 1'] };
  expect(await serverOf(php, basic)).toMatchObject({ PHP_AUTH_USER: 'u', HTTP_X_A: '1' });
  const digest = await serverOf(php, { headers: ['Authorization: Digest a="b"'] });
  expect(digest).toMatchObject({ PHP_AUTH_DIGEST: 'a="b"' });
  const plain = await serverOf(php, {});
  const names = Object.keys(plain).join(' ');
  expect(names).not.toMatch(/PHP_AUTH|HTTP_/);
  expect(await php.text('echo count($_COOKIE);')).toBe('0');
});

test('headers that only look like trusted ones do not become variables', async () => {
  const php = new Php({ env: { HTTP_X_REAL_IP: 'environment', HTTP_OTHER: '1' } });
  const all = await serverOf(php, {
    headers: ['X_Real_IP: 1', 'X.Real.IP: 2', 'X~Real~IP: 3', 'X-Real-IP: 4'],
  });
  expect(all).toMatchObject({ HTTP_X_REAL_IP: '4' });
  expect(all).not.toHaveProperty('HTTP_OTHER');
});

test('the environment is in $_SERVER and $_ENV; the request wins', async () => {
  const php = new Php({
    env: { APP_ENV: 'prod', SERVER_NAME: 'environment', HTTPS: 'on' },
    ini: { variables_order: 'EGPCS' },
  });
  const code =
    'echo json_encode([$_SERVER["APP_ENV"], $_ENV["APP_ENV"], getenv("APP_ENV"),' +
    '$_SERVER["SERVER_NAME"], $_ENV["SERVER_NAME"]]);';
  expect(await php.json(code)).toEqual([
    'prod',
    'prod',
    'prod',
    'app.example',
    'environment',
  ]);
});

test('getenv() finds what belongs to the request, as under FastCGI', async () => {
  const php = new Php();
  const code =
    'echo json_encode(array_map(getenv(...), ["REMOTE_ADDR", "HTTP_X_A", "PHP_SELF",' +
    '"PATH_INFO", "HTTPS", "FROM_FRONT", "HTTP_COOKIE", "HTTP_PROXY", "NO_SUCH"]));';
  const request = {
    headers: ['X-A: 1', 'x-a: 2', 'Cookie: a=1', 'Cookie: b=2', 'Proxy: evil'],
    variables: ['FROM_FRONT', 'yes'],
  };
  expect(await php.json(code, request)).toEqual([
    '192.0.2.7',
    '1, 2',
    expect.stringMatching(/^\/.*\.php$/),
    false,
    false,
    'yes',
    'a=1; b=2',
    false,
    false,
  ]);
});

test('filter_input() reads every kind of input', async () => {
  const code =
    'echo json_encode([filter_input(INPUT_SERVER, "REMOTE_ADDR", FILTER_VALIDATE_IP),' +
    'filter_input(INPUT_SERVER, "HTTP_X_A"), filter_input(INPUT_GET, "g"),' +
    'filter_input(INPUT_POST, "p"), filter_input(INPUT_COOKIE, "c"), ' +
    '$_SERVER["HTTP_X_A"]]);';
  const request: PhpRequest = {
    queryString: 'g=1',
    body: 'p=2',
    contentType: 'application/x-www-form-urlencoded',
    headers: ['Cookie: c=3', 'X-A: <b>'],
  };
  const php = new Php();
  expect(await php.json(code, request)).toEqual([
    '192.0.2.7',
    '<b>',
    '1',
    '2',
    '3',
    '<b>',
  ]);
  const escaping = new Php({ ini: { 'filter.default': 'special_chars' } });
  expect(await escaping.json(code, request)).toEqual([
    '192.0.2.7',
    '<b>',
    '1',
    '2',
    '3',
    '&#60;b&#62;',
  ]);
});

test('getallheaders() and its aliases give names in their usual spelling', async () => {
  const php = new Php();
  const names = [
    'getallheaders',
    'apache_request_headers',
    'frankenphp_request_headers',
    'phpack_request_headers',
  ];
  for (const name of names) {
    const headers = ['host: h', 'CONTENT-TYPE: t', 'x-a-bc: 1', 'X-A-BC: 2', 'x_y: 3'];
    expect(await php.json(`echo json_encode(${name}());`, { headers })).toEqual({
      Host: 'h',
      'Content-Type': 't',
      'X-A-Bc': '1, 2',
      X_y: '3',
    });
  }
});

test('a thousand headers and a head near its limit arrive', async () => {
  const php = new Php();
  const headers = Array.from({ length: 1000 }, (_, i) => `X-H-${i % 500}: ${i}`);
  const request = { headers, queryString: 'q'.repeat(30_000) };
  const code =
    'echo count(preg_grep("/^HTTP_X_H_/", array_keys($_SERVER))), " ",' +
    '$_SERVER["HTTP_X_H_7"], " ", strlen($_SERVER["QUERY_STRING"]);';
  expect(await php.text(code, request)).toBe('500 7, 507 30000');
});
