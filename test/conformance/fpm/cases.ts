// What is asked of both servers, as data. The scripts are in site/.
import { multipart, type Part, type Question } from './wire.ts';

export interface Case extends Question {
  /** What the user sees when it is right. */
  name: string;
}

const form = (body: string, more: Partial<Case> = {}): Partial<Case> => ({
  method: 'POST',
  headers: [['Content-Type', 'application/x-www-form-urlencoded']],
  body,
  ...more,
});

const uploads = (parts: readonly Part[]): Partial<Case> => ({
  method: 'POST',
  ...multipart(parts),
});

const each = (script: string, values: readonly string[], name: string): Case[] =>
  values.map((value) => ({
    name: `${name}: ${value}`,
    target: `/${script}.php?how=${value}`,
  }));

/** What `?how=` chooses in the scripts of the same name. */
const words = (text: string): string[] => text.trim().split(/\s+/);
const statuses =
  words(`plain line line-then-200 old-line status-header code third-argument unknown-code
  redirect redirect-308 created no-content not-modified authenticate`);
const types = words(
  'none charset text text-charset binary removed empty length disposition',
);
const endings = words(`plain exit-text exit-number exit-in-buffer exit-in-shutdown
  throw-in-shutdown`);
const failures = words(`exception undefined parse memory recursion time require trigger
  warning handler exception-handler`);

/** $_SERVER, $_ENV and what a script learns of its surroundings. */
const surroundings: readonly Case[] = [
  { name: '$_SERVER of a plain request', target: '/server.php' },
  {
    name: '$_SERVER with query and path info',
    target: '/server.php/a/b%20c?x=1&y[]=%C3%A4',
  },
  { name: '$_SERVER of the front controller', target: '/pretty/path?x=1' },
  {
    name: '$_SERVER with headers',
    target: '/server.php',
    headers: [
      ['X-Custom', 'one'],
      ['X-Dash-And-Digits-9', 'x'],
      ['Accept', 'text/html;q=0.9'],
      ['Cookie', 'a=1; b=%20'],
      ['Referer', 'http://example.org/ä'],
      ['Authorization', 'Basic dXNlcjpwYXNz'],
    ],
  },
  { name: '$_SERVER of a POST', target: '/server.php', ...form('a=1') },
  {
    name: '$_SERVER of an unknown method',
    target: '/server.php',
    method: 'PROPFIND',
    body: '',
  },
  {
    name: 'repeated request headers',
    target: '/environment.php',
    headers: [
      ['X-Custom', 'one'],
      ['X-Custom', 'two'],
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
    ],
  },
  { name: 'getenv, INPUT_SERVER, getallheaders', target: '/environment.php?a+b' },
  { name: 'limits and settings', target: '/connection.php' },
  { name: 'include path and working directory', target: '/include-path.php' },
  ...['Basic dXNlcjpwYTpzcw==', 'Basic !', 'Digest username="u"', 'Bearer t'].map(
    (value): Case => ({
      name: `authorization ${value}`,
      target: '/auth.php',
      headers: [['Authorization', value]],
    }),
  ),
];

const routing: readonly Case[] = [
  { name: 'the root', target: '/' },
  { name: 'a directory with an index', target: '/dir/' },
  { name: 'a directory without its slash', target: '/dir?x=1' },
  { name: 'a pretty path', target: '/some/pretty/path?x=1&y=%E4' },
  { name: 'a script that is not there', target: '/missing.php' },
  { name: 'a script that is not there, with path info', target: '/missing.php/info' },
  { name: 'encoded characters', target: '/server.php/%C3%A4%2Fb%3Fc?%20=%00' },
  { name: 'doubled slashes', target: '//server.php' },
  { name: 'dot segments', target: '/dir/../server.php' },
];

const input: readonly Case[] = [
  { name: 'no body', target: '/input.php?a=1&a.b=2&c%20d=3&e[x][]=4&e[x][]=5' },
  {
    name: 'a form',
    target: '/input.php?a=0',
    ...form('a=1&b[]=2&b[]=3&c.d=4&e=%C3%A4+%2B'),
  },
  { name: 'an empty form', target: '/input.php', ...form('') },
  {
    name: 'a chunked form',
    target: '/input.php',
    ...form(`a=${'x'.repeat(5000)}`),
    isChunked: true,
  },
  { name: 'too many fields', target: '/input.php', ...form('a=1&'.repeat(1200)) },
  {
    name: 'JSON',
    target: '/input.php',
    method: 'POST',
    headers: [['Content-Type', 'application/json']],
    body: '{"a": 1}',
  },
  { name: 'a body without a type', target: '/input.php', method: 'POST', body: 'raw' },
  { name: 'a PUT form', target: '/input.php', ...form('a=1', { method: 'PUT' }) },
  {
    name: 'a DELETE with body',
    target: '/input.php',
    ...form('a=1', { method: 'DELETE' }),
  },
  { name: 'a GET with body', target: '/input.php', ...form('a=1', { method: 'GET' }) },
  {
    name: 'a large raw body',
    target: '/input.php',
    method: 'POST',
    headers: [['Content-Type', 'application/octet-stream']],
    body: Buffer.alloc(3_000_000, 'large body '),
  },
  {
    name: 'a form above post_max_size',
    target: '/input.php',
    ...form(`a=${'x'.repeat(7 << 20)}`),
  },
  {
    name: 'cookies',
    target: '/input.php',
    headers: [['Cookie', 'a=1; b[x]=2; c.d=3; e=%41+B; f; a=again; =nameless']],
  },
  {
    name: 'uploads of every kind',
    target: '/input.php',
    ...uploads([
      { name: 'field', content: 'value' },
      { name: 'list[]', content: '1' },
      { name: 'file', filename: 'größe "x".txt', type: 'text/plain', content: 'text' },
      { name: 'files[a][]', filename: 'a.bin', content: Buffer.from([0, 255, 13, 10]) },
      { name: 'files[a][]', filename: 'b.bin', type: 'image/png', content: '' },
      { name: 'none', filename: '', type: 'application/octet-stream', content: '' },
      { name: 'path', filename: '../../dir/evil.php', type: 'x/y', content: 'x' },
      { name: 'large', filename: 'l', content: Buffer.alloc(3_000_000, 'l') },
      {
        name: 'too large',
        filename: 't',
        content: Buffer.alloc(4_500_000 - 3_000_000, 't'),
      },
    ]),
  },
  {
    name: 'an upload above upload_max_filesize',
    target: '/input.php',
    ...uploads([{ name: 'f', filename: 'f', content: Buffer.alloc(5 << 20, 'f') }]),
  },
  {
    name: 'too many files',
    target: '/input.php',
    ...uploads(
      Array.from({ length: 25 }, (_, i) => ({
        name: `f${i}`,
        filename: 'f',
        content: 'f',
      })),
    ),
  },
  {
    name: 'a broken multipart body',
    target: '/input.php',
    ...uploads([]),
    body: '------phpackConformanceBoundary\r\nContent-Disposition: form-data; name="a"',
  },
  {
    name: 'multipart without boundary',
    target: '/input.php',
    method: 'POST',
    headers: [['Content-Type', 'multipart/form-data']],
    body: 'x',
  },
  {
    name: 'a moved upload',
    target: '/move-upload.php',
    ...uploads([{ name: 'file', filename: 'f', content: 'twelve bytes' }]),
  },
];

const output: readonly Case[] = [
  { name: 'header lines', target: '/headers.php' },
  { name: 'header injection is refused', target: '/injection.php' },
  { name: 'headers after output', target: '/late-header.php' },
  { name: 'HEAD of a script', target: '/type.php', method: 'HEAD' },
  { name: 'HEAD with a length', target: '/type.php?how=length', method: 'HEAD' },
  { name: 'HEAD of a large answer', target: '/large.php?blocks=50', method: 'HEAD' },
  { name: 'output buffers', target: '/buffers.php' },
  { name: 'output in pieces', target: '/stream.php' },
  { name: 'an empty answer', target: '/large.php?blocks=0' },
  { name: 'an answer of 64 KB', target: '/large.php' },
  { name: 'an answer of 20 MB', target: '/large.php?blocks=320' },
  {
    name: 'compression by PHP',
    target: '/gzip.php',
    headers: [['Accept-Encoding', 'gzip']],
  },
  ...each('status', statuses, 'status'),
  { name: 'a redirect after a form', target: '/status.php?how=redirect', ...form('a=1') },
  ...each('type', types, 'content type'),
  ...each('endings', endings, 'the end of a script'),
];

const errors: readonly Case[] = failures.flatMap((how): Case[] => [
  { name: `failure, shown: ${how}`, target: `/failures.php?how=${how}` },
  { name: `failure, hidden: ${how}`, target: `/failures.php?how=${how}&display=0` },
  {
    name: `failure, hidden, after output: ${how}`,
    target: `/failures.php?how=${how}&display=0&output=1`,
  },
  {
    name: `failure, hidden, after flush: ${how}`,
    target: `/failures.php?how=${how}&display=0&output=1&flush=1`,
  },
]);

const sessions: readonly Case[] = [
  { name: 'a session cookie', target: '/session.php' },
  ...['public', 'private', 'private_no_expire', 'nocache', ''].map(
    (limiter): Case => ({
      name: `session cache limiter "${limiter}"`,
      target: `/session-limiter.php?limiter=${limiter}`,
    }),
  ),
];

/** fastcgi_finish_request(): the answer first, then what the script found out later. */
const finishing: readonly Case[] = ['one', 'two&header=1'].flatMap((mark): Case[] => [
  { name: `fastcgi_finish_request ${mark}`, target: `/finish.php?mark=${mark}` },
  { name: `its result ${mark}`, target: `/finish-result.php?mark=${mark.slice(0, 3)}` },
]);

/** With one worker the second request sees what the first left. */
const leaving: readonly Case[] = [
  { name: 'a request that changes its process', target: '/leave.php' },
  { name: 'the next one sees nothing of it', target: '/state.php' },
];

export const cases: readonly Case[] = [
  ...surroundings,
  ...routing,
  ...input,
  ...output,
  ...errors,
  ...sessions,
  ...finishing,
  ...leaving,
];
