import { afterAll, beforeAll, expect, test } from 'vitest';
import { get, RawClient, request } from './raw.ts';
import { type RealSite, startRealSite } from './real-site.ts';

const scripts = {
  'index.php': `echo 'fast';`,
  'big.php': `$p = str_repeat('0123456789abcdef', 4096); for ($i = 0; $i < 320; $i++) echo $p;`,
  'late.php': `usleep(50000); echo 'late';`,
  'body.php': `echo strlen(file_get_contents('php://input'));`,
};

let site: RealSite;
const clients: RawClient[] = [];
beforeAll(async () => {
  site = await startRealSite(scripts, { workers: 4 });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await site.close();
});

function open(bytes: string): RawClient {
  const client = new RawClient(site.port);
  clients.push(client);
  return client.send(bytes);
}

test('two hundred slow clients of all kinds do not stop a fast one', async () => {
  const before = process.memoryUsage().rss;
  const halfClosed: RawClient[] = [];
  const stalled: RawClient[] = [];
  for (let i = 0; i < 50; i++) {
    open('GET / HTTP/1.1\r\nHost: a\r\nX: ');
    open(
      `POST /body.php HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(i * 5000)}`,
    );
    const reader = open('GET /big.php HTTP/1.1\r\nHost: a\r\n\r\n');
    reader.socket.pause();
    stalled.push(reader);
    const half = open('GET /late.php HTTP/1.1\r\nHost: a\r\n\r\n');
    half.socket.end();
    halfClosed.push(half);
  }
  const crawl = setInterval(() => {
    for (const client of clients) {
      if (client.socket.writable && !stalled.includes(client)) client.send('x');
    }
  }, 100);
  for (let i = 0; i < 100; i++) {
    expect((await get(site.port, '/')).body).toBe('fast');
    expect(
      (await request(site.port, 'POST', '/body.php', {}, 'x'.repeat(1000))).body,
    ).toBe('1000');
  }
  clearInterval(crawl);
  for (const half of halfClosed) expect((await half.answer()).body).toBe('late');
  // All scripts have ended although nobody has read what they wrote.
  while (site.realStats().busy > 0)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  const reader = stalled[7]!;
  reader.socket.resume();
  await reader.until(() => reader.text.length > 20 * 1024 * 1024 || reader.isClosed);
  expect((await reader.answer()).body.length).toBe(20 * 1024 * 1024);
});
