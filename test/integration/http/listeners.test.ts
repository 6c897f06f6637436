import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { get, RawClient } from './raw.ts';
import { type Site, startSite } from './site.ts';

const sites: Site[] = [];
let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'phpack-listen-'));
  path = join(dir, 'app.sock');
});
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close();
  rmSync(dir, { recursive: true });
});

async function listen(...addresses: string[]): Promise<Site> {
  const site = await startSite({ config: { http: { listen: addresses } } });
  sites.push(site);
  return site;
}

async function answers(socketPath = path): Promise<boolean> {
  const client = new RawClient(0, { path: socketPath });
  const answer = await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').answer();
  client.close();
  return answer.status === 200;
}

const refusal = (seen: RegExp) => ({
  code: 'PHPACK_E_LISTEN',
  message: expect.stringMatching(seen) as string,
});

test.each(['127.0.0.1:0', '[::1]:0', ':0', 'localhost:0', '*:0'])(
  '%s answers',
  async (address) => {
    const site = await listen(address);
    if (address !== '[::1]:0') expect((await get(site.port, '/')).status).toBe(200);
    expect(site.port).toBeGreaterThan(0);
  },
);

test('several addresses are served by one front', async () => {
  const site = await listen('127.0.0.1:0', `unix:${path}`);
  expect((await get(site.port, '/')).status).toBe(200);
  expect(await answers()).toBe(true);
});

test('a port in use is an error that names it, and nothing stays open', async () => {
  const first = await listen('127.0.0.1:0');
  await expect(listen(`unix:${path}`, `127.0.0.1:${first.port}`)).rejects.toMatchObject(
    refusal(new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${first.port}: .* in use`)),
  );
  expect(readdirSync(dir)).toEqual([]);
});

test.each([
  ['192.0.2.1:0', /does not have that address/],
  ['no-such-host.invalid:80', /name/],
  ['unix:/nowhere/app.sock', /no such directory/],
])('%s is an error', async (address, seen) => {
  await expect(listen(address)).rejects.toMatchObject(refusal(seen));
});

test.each([
  '8080',
  'localhost',
  '127.0.0.1:99999',
  '::1:80',
  'unix:app.sock',
  'unix:/a/',
  '',
])('"%s" is no address', async (address) => {
  await expect(listen(address)).rejects.toMatchObject({ code: 'PHPACK_E_CONFIG' });
});

test('a path longer than Linux allows is an error', async () => {
  await expect(listen(`unix:/${'x'.repeat(107)}`)).rejects.toMatchObject({
    code: 'PHPACK_E_CONFIG',
  });
});

test('a Unix socket has its mode from its first moment, and goes with the server', async () => {
  const site = await listen(`unix:${path}`);
  expect(lstatSync(path).mode & 0o777).toBe(0o660);
  expect(readdirSync(dir)).toEqual(['app.sock']);
  expect(await answers()).toBe(true);
  await site.front.close();
  expect(readdirSync(dir)).toEqual([]);
});

test('another mode can be asked for', async () => {
  await listen(`unix:${path}?mode=0606`);
  expect(lstatSync(path).mode & 0o777).toBe(0o606);
});

test('a client of a Unix socket has no address', async () => {
  const site = await listen(`unix:${path}`);
  await answers();
  const { head } = site.pool.exchanges[0]!;
  expect(head).toMatchObject({
    remoteAddress: 'unix:',
    remotePort: '',
    serverPort: '80',
    serverName: 'a',
  });
});

async function leaveDeadSocket(): Promise<void> {
  const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log())`;
  const child = spawn(process.execPath, ['-e', code], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('the socket of a killed server is replaced', async () => {
  await leaveDeadSocket();
  expect(existsSync(path)).toBe(true);
  await listen(`unix:${path}`);
  expect(await answers()).toBe(true);
  expect(readdirSync(dir)).toEqual(['app.sock']);
});

test('the socket of a living server is not', async () => {
  await listen(`unix:${path}`);
  await expect(listen(`unix:${path}`)).rejects.toMatchObject(
    refusal(/in use: another process/),
  );
  expect(await answers()).toBe(true);
  expect(readdirSync(dir)).toEqual(['app.sock']);
});

test('a file or directory in the way is left alone', async () => {
  writeFileSync(path, 'precious');
  await expect(listen(`unix:${path}`)).rejects.toMatchObject(refusal(/not a socket/));
  expect(lstatSync(path).size).toBe(8);
  rmSync(path);
  mkdirSync(path);
  await expect(listen(`unix:${path}`)).rejects.toMatchObject(refusal(/not a socket/));
});

test('of many that start at once on a dead socket, exactly one gets it', async () => {
  for (let round = 0; round < 10; round++) {
    await leaveDeadSocket();
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => listen(`unix:${path}`)),
    );
    expect(results.filter((r) => r.status === 'fulfilled').length).toBe(1);
    expect(await answers()).toBe(true);
    expect(readdirSync(dir)).toEqual(['app.sock']);
    for (const site of sites.splice(0)) await site.close();
  }
});

test('a successor’s socket is not removed by the one before', async () => {
  const site = await listen(`unix:${path}`);
  rmSync(path);
  const successor = createServer().listen(path);
  await once(successor, 'listening');
  await site.front.close();
  expect(existsSync(path)).toBe(true);
  successor.close();
});

test('a directory where nothing may be made is an error', async () => {
  if (process.getuid?.() === 0) return;
  chmodSync(dir, 0o500);
  await expect(listen(`unix:${path}`)).rejects.toMatchObject(refusal(/may not use it/));
});
