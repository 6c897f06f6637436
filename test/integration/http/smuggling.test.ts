import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchangeRaw, RawClient } from './raw.ts';
import { type Site, startSite } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.close());

const get = (rest: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${rest}\r\n`;
const post = (headers: string, body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body);

/** What is sent → the status it must be refused with. */
const refused: Record<string, [string, number]> = {
  'Content-Length and Transfer-Encoding': [
    post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  'Transfer-Encoding and Content-Length': [
    post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
    400,
  ],
  'two Content-Lengths': [post('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab'), 400],
  'the same Content-Length twice': [
    post('Content-Length: 1\r\nContent-Length: 1\r\n', 'a'),
    400,
  ],
  'a list as Content-Length': [post('Content-Length: 1, 1\r\n', 'a'), 400],
  'Content-Length with plus': [post('Content-Length: +1\r\n', 'a'), 400],
  'Content-Length with minus': [post('Content-Length: -1\r\n', 'a'), 400],
  'Content-Length with a space inside': [post('Content-Length: 1 1\r\n', 'a'), 400],
  'Content-Length in hexadecimal': [post('Content-Length: 0x1\r\n', 'a'), 400],
  'a broken Content-Length': [post('Content-Length: 1.0\r\n', 'a'), 400],
  'an empty Content-Length': [post('Content-Length:\r\n', ''), 400],
  'a Content-Length of 2^64': [post('Content-Length: 18446744073709551616\r\n', ''), 400],
  'a Content-Length of 2^63': [post('Content-Length: 9223372036854775808\r\n', ''), 413],
  'Content-Length with form feed': [post('Content-Length: \f1\r\n', 'a'), 400],
  'gzip, chunked': [post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 501],
  'chunked twice in one header': [
    post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  'chunked twice': [
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  'identity and chunked': [
    post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    501,
  ],
  identity: [post('Transfer-Encoding: identity\r\n', ''), 501],
  xchunked: [post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 501],
  'an empty Transfer-Encoding': [post('Transfer-Encoding:\r\n', ''), 400],
  ',chunked': [post('Transfer-Encoding: ,chunked\r\n', '0\r\n\r\n'), 501],
  'chunked with parameter': [
    post('Transfer-Encoding: chunked;a=b\r\n', '0\r\n\r\n'),
    501,
  ],
  'Transfer-Encoding with vertical tab': [
    post('Transfer-Encoding: \vchunked\r\n', '0\r\n\r\n'),
    400,
  ],
  'Transfer-Encoding with space before the colon': [
    post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  'Transfer-Encoding in HTTP/1.0': [
    'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  'bare LF everywhere': ['GET / HTTP/1.1\nHost: a\n\n', 400],
  'bare LF after the request line': ['GET / HTTP/1.1\nHost: a\r\n\r\n', 400],
  'bare LF after a header': ['GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n', 400],
  'bare LF as end of the head': ['GET / HTTP/1.1\r\nHost: a\r\n\n', 400],
  'bare LF before the request line': ['\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'bare CR before the request line': ['\rGET / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'CRLF and LF before the request line': ['\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a space before the request line': [' GET / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'bare CR in a value': [get('X: a\rb\r\n'), 400],
  'bare CR between headers': ['GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n', 400],
  'CR CR LF': ['GET / HTTP/1.1\r\nHost: a\r\r\n\r\n', 400],
  'a folded header': [get('X: a\r\n b\r\n'), 400],
  'a header folded with tab': [get('X: a\r\n\tb\r\n'), 400],
  'a folded Transfer-Encoding': [
    post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  'a folded first header': ['GET / HTTP/1.1\r\n Host: a\r\n\r\n', 400],
  'a space before the colon': ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
  'a tab before the colon': ['GET / HTTP/1.1\r\nHost\t: a\r\n\r\n', 400],
  'a header without colon': [get('Foo\r\n'), 400],
  'a header without name': [get(': b\r\n'), 400],
  'NUL in a value': [get('X: a\0b\r\n'), 400],
  'NUL in a name': [get('X\0: b\r\n'), 400],
  'a control character in a value': [get('X: a\x01b\r\n'), 400],
  'DEL in a value': [get('X: a\x7fb\r\n'), 400],
  'an 8-bit name': [get('X\xe9: b\r\n'), 400],
  'no Host': ['GET / HTTP/1.1\r\n\r\n', 400],
  'two Hosts': [get('Host: b\r\n'), 400],
  'the same Host twice': [get('Host: a\r\n'), 400],
  'an empty Host': ['GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
  'Host with a slash': ['GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
  'Host with user': ['GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', 400],
  'Host with a space': ['GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
  'Host of dots': ['GET / HTTP/1.1\r\nHost: ..\r\n\r\n', 400],
  'Host as a list': ['GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 400],
  'Host with an 8-bit letter': ['GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n', 400],
  'Host with markup': ['GET / HTTP/1.1\r\nHost: a"><script>\r\n\r\n', 400],
  'Host with a bad port': ['GET / HTTP/1.1\r\nHost: a:b\r\n\r\n', 400],
  'two spaces after the method': ['GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'two spaces before the version': ['GET /  HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a tab after the method': ['GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a tab before the version': ['GET /\tHTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a space in the target': ['GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a space after the version': ['GET / HTTP/1.1 \r\nHost: a\r\n\r\n', 400],
  'a control character in the target': ['GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'NUL in the target': ['GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'an 8-bit character in the target': ['GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a fragment': ['GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a relative target': ['GET a HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'no target': ['GET HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  '* for GET': ['GET * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'an ftp target': ['GET ftp://b/c HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a target with user': ['GET http://u:p@b/c HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a target without host': ['GET http:///c HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'HTTP/2.0': ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
  'the preface of HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  'HTTP/1.2': ['GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505],
  'HTTP/0.9': ['GET / HTTP/0.9\r\nHost: a\r\n\r\n', 505],
  'HTTP/1.10': ['GET / HTTP/1.10\r\nHost: a\r\n\r\n', 400],
  'http/1.1': ['GET / http/1.1\r\nHost: a\r\n\r\n', 400],
  'RTSP/1.0': ['GET / RTSP/1.0\r\nHost: a\r\n\r\n', 400],
  'ICE/1.0': ['SOURCE / ICE/1.0\r\nHost: a\r\n\r\n', 400],
  'an unknown method': ['FROBNICATE / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  'a longer method': ['GETX / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  'a method in lower case': ['get / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a method that is no token': ['G@T / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  TLS: ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  'bare LF after a chunk size': [chunked('1\na\r\n0\r\n\r\n'), 400],
  'bare LF after a chunk': [chunked('1\r\na\n0\r\n\r\n'), 400],
  'bare LF after the last chunk': [chunked('1\r\na\r\n0\n\r\n'), 400],
  'bare LF after the trailer': [chunked('1\r\na\r\n0\r\n\n'), 400],
  'bare LF after a chunk extension': [chunked('1;x=y\na\r\n0\r\n\r\n'), 400],
  'bare CR in a chunk extension': [chunked('1;x=\ry\r\na\r\n0\r\n\r\n'), 400],
  'LF in a quoted chunk extension': [chunked('1;x="\n"\r\na\r\n0\r\n\r\n'), 400],
  'NUL in a chunk extension': [chunked('1;\0\r\na\r\n0\r\n\r\n'), 400],
  'a space after a chunk size': [chunked('1 \r\na\r\n0\r\n\r\n'), 400],
  'a space before a chunk size': [chunked(' 1\r\na\r\n0\r\n\r\n'), 400],
  'a chunk size with 0x': [chunked('0x1\r\na\r\n0\r\n\r\n'), 400],
  'a chunk size with sign': [chunked('+1\r\na\r\n0\r\n\r\n'), 400],
  'a negative chunk size': [chunked('-1\r\na\r\n0\r\n\r\n'), 400],
  'a chunk size of 2^68': [chunked('100000000000000000\r\na\r\n0\r\n\r\n'), 400],
  'an empty chunk size': [chunked('\r\na\r\n0\r\n\r\n'), 400],
  'a chunk longer than its size': [chunked('1\r\nab\r\n0\r\n\r\n'), 400],
  'bare LF in the trailers': [chunked('1\r\na\r\n0\r\nX: y\n\r\n'), 400],
};

for (const [what, [bytes, status]] of Object.entries(refused)) {
  test(`${what} is refused with ${status}, and nothing behind it is answered`, async () => {
    const before = site.pool.exchanges.length;
    const client = new RawClient(site.port);
    client.send(`${bytes}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
    const answer = await client.answer();
    expect(answer.status).toBe(status);
    expect(answer.headers.connection).toBe('close');
    await client.until(() => client.isEnded);
    expect(client.text).toBe('');
    expect(site.pool.exchanges.length).toBe(before);
    client.close();
  });

  test(`${what}, sent byte by byte, is refused`, async () => {
    const before = site.pool.exchanges.length;
    const client = new RawClient(site.port);
    for (const byte of bytes) {
      client.send(byte);
      await new Promise(setImmediate);
    }
    // Some are only wrong once something follows.
    client.send('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).status).toBeOneOf([400, status, 501]);
    expect(site.pool.exchanges.length).toBe(before);
    client.close();
  });
}

const accepted: Record<string, [string, string]> = {
  'space around a Content-Length': [post('Content-Length: \t1 \t\r\n', 'a'), 'a'],
  'a Content-Length with leading zeros': [post('Content-Length: 001\r\n', 'a'), 'a'],
  'CHUNKED in capitals': [
    post('Transfer-Encoding: CHUNKED\r\n', '1\r\na\r\n0\r\n\r\n'),
    'a',
  ],
  'a chunk extension': [chunked('1;x=y\r\na\r\n0\r\n\r\n'), 'a'],
  'a trailer': [chunked('1\r\na\r\n0\r\nX: y\r\n\r\n'), 'a'],
  'a chunk size with leading zeros': [chunked('0001\r\na\r\n0\r\n\r\n'), 'a'],
  'an empty line before the request': [`\r\n${get('')}`, ''],
  'a tab within a value': [get('X: a\tb\r\n'), ''],
  'an absolute target': ['GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n', ''],
  'an IPv6 Host': ['GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', ''],
  'HTTP/1.0 without Host': ['GET / HTTP/1.0\r\n\r\n', ''],
  'an upgrade that is ignored': [
    get('Connection: Upgrade\r\nUpgrade: websocket\r\n'),
    '',
  ],
};

for (const [what, [bytes, body]] of Object.entries(accepted)) {
  test(`${what} is answered`, async () => {
    const answer = await exchangeRaw(site.port, bytes);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).body).toBe(body);
  });

  test(`${what}, sent byte by byte, is answered`, async () => {
    const client = new RawClient(site.port);
    for (const byte of bytes) {
      client.send(byte);
      await new Promise(setImmediate);
    }
    expect((await client.answer()).status).toBe(200);
    client.close();
  });
}

test('a decoy in a chunked body does not let an odd request line pass', async () => {
  const decoy = 'GET /odd HTTP/1.1\r\n';
  const size = decoy.length.toString(16);
  const client = new RawClient(site.port);
  client.send(
    `${chunked(`${size}\r\n${decoy}\r\n0\r\n\r\n`)}GET  /odd HTTP/1.1\r\nHost: a\r\n\r\n`,
  );
  expect((await client.answer()).status).toBe(200);
  expect((await client.answer()).status).toBe(400);
  client.close();
});

test('requests behind a body of any kind are answered, all in one packet', async () => {
  const requests = [
    get(''),
    post('Content-Length: 3\r\n', 'abc'),
    chunked('3\r\nabc\r\n0\r\n\r\n'),
    get(''),
    post('Content-Length: 2\r\n', '\n\n'),
    get('Connection: close\r\n'),
  ];
  for (const size of [1, 7, 1000, 100_000]) {
    const client = new RawClient(site.port);
    const bytes = requests.join('');
    for (let at = 0; at < bytes.length; at += size) {
      client.send(bytes.slice(at, at + size));
      await new Promise(setImmediate);
    }
    await client.until(() => client.isEnded);
    const answers = client.takeAnswers();
    expect(answers.map((a) => a.status)).toEqual([200, 200, 200, 200, 200, 200]);
    const bodies = answers.map((a) => JSON.parse(a.body).body);
    expect(bodies).toEqual(['', 'abc', 'abc', '', '\n\n', '']);
    client.close();
  }
});

test('an oddity in a later request of a connection is refused as well', async () => {
  for (const first of [
    get(''),
    post('Content-Length: 1\r\n', 'a'),
    chunked('0\r\n\r\n'),
  ]) {
    const client = new RawClient(site.port);
    expect((await client.send(first).answer()).status).toBe(200);
    client.send('GET  / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).status).toBe(400);
    client.close();
  }
});

describe('behind a request for an upgrade that is not made', () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: h2c\r\n';
  const asking: Record<string, string> = {
    'without a body': get(upgrade),
    'with a body': post(`${upgrade}Content-Length: 3\r\n`, 'abc'),
    'with chunks': post(
      `${upgrade}Transfer-Encoding: chunked\r\n`,
      '3\r\nabc\r\n0\r\n\r\n',
    ),
  };

  test.each(Object.entries(asking))(
    'nothing in the same packet is taken for half a request, %s',
    async (_, bytes) => {
      const before = site.pool.exchanges.length;
      const client = new RawClient(site.port);
      client.send(`${bytes}GET /behind HTTP/1.1\r\nX: `);
      expect((await client.answer()).status).toBe(200);
      client.send('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n');
      expect((await client.answer()).status).toBe(200);
      const heads = site.pool.exchanges.slice(before).map(({ head }) => head);
      expect(heads.map(({ target }) => target)).toEqual(['/', '/behind']);
      expect(heads[1]!.rawHeaders).toContain('GET /smuggled HTTP/1.1');
      client.close();
    },
  );

  test.each(Object.entries(asking))(
    'the requests around it are answered, %s',
    async (_, bytes) => {
      const client = new RawClient(site.port);
      client.send(`${get('')}${bytes}${get('Connection: close\r\n')}`);
      await client.until(() => client.isEnded);
      const answers = client.takeAnswers();
      expect(answers.map((a) => JSON.parse(a.body).body)).toEqual([
        '',
        /abc/.test(bytes) ? 'abc' : '',
        '',
      ]);
      client.close();
    },
  );

  test('the connection goes on when the client waits for its answer', async () => {
    const client = new RawClient(site.port);
    for (const bytes of [asking['without a body']!, asking['with a body']!, get('')]) {
      expect((await client.send(bytes).answer()).headers.connection).toBe('keep-alive');
    }
    client.close();
  });
});
