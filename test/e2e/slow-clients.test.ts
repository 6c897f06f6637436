import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtProduct, type Deployment, deploy, ownTree } from './product.ts';
import { peakMemory } from './processes.ts';
import type { Server } from './server.ts';

const big = 20_000_000;

let app: Deployment;
let server: Server;
const sockets: Socket[] = [];

beforeAll(async () => {
  app = await deploy(await builtProduct('probe', await ownTree('probe')));
  server = await app.serve({ args: ['--workers', '4'] });
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await app?.[Symbol.asyncDispose]();
});

test('two hundred slow clients of every kind do not stop a fast one', async () => {
  const heads = await Promise.all(
    fifty(() => slowly('GET / HTTP/1.1\r\nHost: a\r\nX: ')),
  );
  const bodies = await Promise.all(
    fifty(() =>
      slowly('POST /sink.php HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbody'),
    ),
  );
  // Their answers begin although nobody reads them, more than there are workers.
  const readers = await Promise.all(fifty(stalledReader));
  const halves = fifty(halfClosed);

  for (let count = 0; count < 100; count++) {
    const answer = await fetch(server.url);
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  }
  // All of them are still there: nothing of the above was answered or thrown out.
  for (const { socket, received } of [...heads, ...bodies]) {
    expect(received()).toBe('');
    expect(socket.closed).toBe(false);
  }
  for (const answer of await Promise.all(halves)) {
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*"uri":"\\\/half"/);
  }
  const [own = 0] = await peakMemory(server.process.pid!);
  // 50 answers of 20 MB wait for their readers: not in memory.
  expect(own).toBeLessThan(400 << 20);

  for (const size of await Promise.all(readers.map((reader) => reader.rest()))) {
    expect(size).toBe(big);
  }
  for (const { socket } of bodies) socket.destroy();
  expect((await fetch(server.url)).status).toBe(200);
});

test('a client that sends its body late still gets its answer', async () => {
  const { socket, received } = await slowly(
    'POST /sink.php HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nab',
  );
  expect((await fetch(server.url)).status).toBe(200);
  socket.write('cd');
  await once(socket, 'close');
  expect(received()).toContain('"bytes":4');
});

function fifty<T>(make: () => T): T[] {
  return Array.from({ length: 50 }, make);
}

async function open(allowHalfOpen = false): Promise<Socket> {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Has sent the beginning of a request, and adds nothing. */
async function slowly(beginning: string) {
  const socket = await open();
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(beginning);
  return { socket, received: () => text };
}

/** Has seen the first bytes of a large answer, and reads no further until told to. */
async function stalledReader() {
  const socket = await open();
  socket.write(
    `GET /big.php?bytes=${big} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  );
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return {
    async rest(): Promise<number> {
      let size = first.length - (first.indexOf('\r\n\r\n') + 4);
      socket.on('data', (chunk: Buffer) => (size += chunk.length));
      const closed = once(socket, 'close');
      socket.resume();
      await closed;
      return size;
    },
  };
}

/** Closes its side right after the request, as simple clients do, and wants its answer. */
async function halfClosed(): Promise<string> {
  const socket = await open(true);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const ended = once(socket, 'end');
  socket.end('GET /half HTTP/1.1\r\nHost: a\r\n\r\n');
  await ended;
  return text;
}
