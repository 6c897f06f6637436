import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { get, RawClient } from './raw.ts';

const held = 'GET /held HTTP/1.1\r\nHost: a\r\n\r\n';
const large = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(30_000)}\r\n\r\n`;

test('a server with a small heap survives pipelined heads, and serves others', async () => {
  const program = join(import.meta.dirname, 'small-heap-server.ts');
  const server = spawn(process.execPath, ['--max-old-space-size=64', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(server, 'exit');
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    const attackers = Array.from({ length: 150 }, () => new RawClient(port));
    for (const client of attackers) client.send(held + large.repeat(64));
    for (let i = 0; i < 20; i++) {
      expect((await get(port, '/')).body).toBe('served');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(server.exitCode).toBe(null);
    for (const client of attackers) client.close();
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
});
