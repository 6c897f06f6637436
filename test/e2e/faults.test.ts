import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtProduct, type Deployment, deploy, ownTree } from './product.ts';
import { onSmallDisk } from './small-disk.ts';
import { childrenOf, isAlive } from './processes.ts';
import type { Server } from './server.ts';

let app: Deployment;
let server: Server;

beforeAll(async () => {
  app = await deploy(await builtProduct('probe', await ownTree('probe')));
  server = await app.serve({ args: ['--workers', '4', '--request-timeout', '3s'] });
});

afterAll(() => app?.[Symbol.asyncDispose]());

test('a worker killed in a request costs that request and no other, and is reported', async () => {
  const doomed = fetch(`${server.url}/hang.php?how=busy&pidfile=doomed`);
  const pid = await writtenPid('doomed');
  let isOver = false;
  const others = frontPages(() => isOver);
  await sleep(100);
  process.kill(pid, 'SIGKILL');
  const answer = await doomed;
  expect(answer.status).toBe(502);
  expect(answer.headers.get('content-type')).toMatch(/^text\/(html|plain)/);
  await sleep(200);
  isOver = true;
  const { statuses, failures } = await others;
  expect(failures).toEqual([]);
  expect(statuses.length).toBeGreaterThan(20);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const entry = await server.logged((one) => one.msg.includes('SIGKILL'));
  expect(entry).toMatchObject({
    level: 'error',
    msg: expect.stringMatching(/hang\.php$/),
    target: '/hang.php?how=busy&pidfile=doomed',
  });
});

test('killing every worker again and again loses only what ran', async () => {
  for (let round = 0; round < 5; round++) {
    const doomed = [0, 1, 2, 3].map((index) =>
      fetch(`${server.url}/hang.php?how=sleep&pidfile=all-${round}-${index}`),
    );
    const pids = [0, 1, 2, 3].map((index) => writtenPid(`all-${round}-${index}`));
    // Waits in the queue: no worker is free.
    const queued = fetch(server.url);
    for (const pid of await Promise.all(pids)) process.kill(pid, 'SIGKILL');
    const statuses = (await Promise.all(doomed)).map((answer) => answer.status);
    expect(statuses).toEqual([502, 502, 502, 502]);
    expect((await queued).status).toBe(200);
  }
});

test('a worker killed after its first bytes breaks that answer off', async () => {
  const answer = await fetch(`${server.url}/hang.php?how=sleep&flush&pidfile=flushed`);
  expect(answer.status).toBe(200);
  process.kill(await writtenPid('flushed'), 'SIGKILL');
  await expect(answer.text()).rejects.toThrow(/terminated/);
  expect((await fetch(server.url)).status).toBe(200);
});

test('a script that never ends is stopped by the clock, busy or asleep', async () => {
  const answers = await Promise.all(
    ['busy', 'sleep'].map((how) => fetch(`${server.url}/hang.php?how=${how}`)),
  );
  expect(answers.map((answer) => answer.status)).toEqual([504, 504]);
  const entry = await server.logged((one) => one.msg.includes('told to end after'));
  expect(entry.msg).toMatch(/hang\.php$/);
  expect((await fetch(server.url)).status).toBe(200);
});

test('when the zygote is killed, PHP starts again', async () => {
  const children = await childrenOf(server.process.pid!);
  expect(children.length).toBe(1);
  process.kill(children[0]!, 'SIGKILL');
  await server.logged((one) => one.msg.includes('main process ended'));
  expect((await fetch(server.url)).status).toBe(200);
});

test('SIGTERM lets running requests end, and waits for nobody else', async () => {
  const keepLong = ['--drain-timeout', '10m', '--set', 'http.keepAliveTimeoutMs=600000'];
  const other = await app.serve({ args: ['--workers', '2', ...keepLong] });
  const answer = await fetch(`${other.url}/big.php?bytes=60000000`);
  const ended = other.stop();
  await other.logged((one) => one.msg === 'stopping');
  await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  expect((await answer.arrayBuffer()).byteLength).toBe(60_000_000);
  expect(await ended).toBe(0);
});

test('when the server is killed, its processes go with it', async () => {
  const other = await app.serve({ args: ['--workers', '2'] });
  const [zygote] = await childrenOf(other.process.pid!);
  const workers = await childrenOf(zygote!);
  expect(workers.length).toBe(2);
  await other.stop('SIGKILL');
  for (const pid of [zygote!, ...workers]) {
    await expect.poll(() => isAlive(pid)).toBe(false);
  }
});

test('a full disk refuses the upload and nothing else', async () => {
  const disk = await onSmallDisk(app, 12 << 20);
  const small = await app.serve(disk);
  const post = (bytes: number) => {
    const form = new FormData();
    form.set('file', new File([Buffer.alloc(bytes, 'x')], 'upload.bin'));
    return fetch(`${small.url}/upload.php`, { method: 'POST', body: form });
  };
  const refused = await post(40 << 20);
  expect(refused.status).toBe(507);
  expect((await fetch(small.url)).status).toBe(200);
  const kept = await post(1 << 20);
  expect({ status: kept.status, body: await kept.json() }).toEqual({
    status: 201,
    body: { error: 0, size: 1 << 20 },
  });
  expect(small.entries().some((one) => /ENOSPC|no space/i.test(one.msg))).toBe(true);
});

/** The pid a script wrote into the app's data when it began. */
async function writtenPid(name: string): Promise<number> {
  const file = path.join(app.dataDir, 'var/data', name);
  for (;;) {
    const text = await fs.readFile(file, 'utf8').catch(() => '');
    if (text !== '') return Number(text);
    await sleep(5);
  }
}

/** Asks for the front page, two at a time, until told to stop. */
async function frontPages(isOver: () => boolean) {
  const statuses: number[] = [];
  const failures: unknown[] = [];
  const visitor = async () => {
    while (!isOver()) {
      try {
        const answer = await fetch(server.url);
        await answer.arrayBuffer();
        statuses.push(answer.status);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all([visitor(), visitor()]);
  return { statuses, failures };
}
