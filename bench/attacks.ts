import { connect, type Socket } from 'node:net';

/** What visitors of bad will do, each on many connections at once. */
export interface Attack {
  name: string;
  /** What every connection sends, given its number; it never reads more than is listed. */
  send: (index: number) => string;
  /** Reads what comes and repeats `send` so often before it stops doing anything. */
  repeats?: number;
  /** Leaves after sending, and comes again so often. */
  returns?: number;
  /** Every PHP process is busy meanwhile: visitors are served files only. */
  takesPhp?: true;
}

const get = (target: string, headers = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const post = (target: string, length: number, body: string): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;
const chunked = (body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;

const filler = `X: ${'x'.repeat(996)}\r\n`;
const largeHead = get('/', filler.repeat(30));
const text = 'x'.repeat(2_000_000);

export const attacks: readonly Attack[] = [
  { name: 'connect only', send: () => '' },
  { name: 'half a head of 30 KB', send: () => largeHead.slice(0, -4) },
  {
    name: 'half a head of 7000 headers',
    send: () => `GET / HTTP/1.1\r\nHost: a\r\n${'aa:\r\n'.repeat(6000)}`,
  },
  { name: '30 KB heads, kept alive', send: () => largeHead, repeats: 1 },
  {
    name: 'pipelined 30 KB heads',
    send: () => get('/slow.php') + largeHead.repeat(64),
    takesPhp: true,
  },
  {
    name: 'pipelined tiny heads',
    send: () => get('/slow.php') + get('/').repeat(20_000),
    takesPhp: true,
  },
  {
    name: 'body of 120 KB, unfinished',
    send: () => post('/', 131_072, text.slice(0, 120_000)),
  },
  { name: 'body in chunks of 1 byte', send: () => chunked('1\r\nx\r\n'.repeat(60_000)) },
  { name: 'trailers, unfinished', send: () => chunked(`0\r\n${'aa:\r\n'.repeat(6000)}`) },
  { name: 'body of 2 MB, unfinished', send: () => post('/', 2_097_152, text) },
  {
    name: 'bodies of 120 KB that wait for PHP',
    send: () => post('/slow.php', 120_000, text.slice(0, 120_000)),
    takesPhp: true,
  },
  {
    name: 'leaving while PHP is waited for',
    send: () => get('/slow.php', filler.repeat(30)),
    returns: 40,
    takesPhp: true,
  },
  {
    name: 'Expect: 100-continue',
    send: () =>
      post('/', 100_000, '').replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'),
  },
  { name: 'no reader of 20 MB from PHP', send: () => get('/big.php') },
  { name: 'no reader of 200 KB pages', send: () => get('/page.php').repeat(40) },
  { name: 'no reader of a 4 MB file', send: () => get('/big.bin').repeat(2) },
  {
    name: 'no reader of ranges',
    send: () => get('/big.bin', 'Range: bytes=0-1048575,1048576-4000000\r\n').repeat(2),
  },
  { name: 'no reader of small files', send: () => get('/small.css').repeat(2000) },
  {
    name: 'targets of 8 KB',
    send: (index) => get(`/${'p'.repeat(400)}${index}-${serial++}?${'q'.repeat(7500)}`),
    repeats: 50,
  },
];

let serial = 0;

/** One attacking connection, in `open` as long as it is. Its errors are its own. */
export function attack(
  kind: Attack,
  port: number,
  index: number,
  open: Set<Socket>,
): void {
  const { send, repeats = 0, returns = 0 } = kind;
  const socket = connect({ port, host: '127.0.0.1' });
  open.add(socket);
  socket.on('error', () => {});
  socket.on('end', () => open.delete(socket));
  socket.on('close', () => open.delete(socket));
  let left = repeats;
  if (repeats === 0) socket.pause();
  else {
    socket.on('data', () => {
      if (--left > 0) socket.write(send(index), 'latin1');
    });
  }
  socket.write(send(index), 'latin1', () => {
    if (returns > 0) setTimeout(comeAgain, 60);
  });
  const comeAgain = (): void => {
    if (socket.destroyed) return;
    socket.resetAndDestroy();
    attack({ ...kind, returns: returns - 1 }, port, index, open);
  };
}
