import type { ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { subjectPhp } from '../../conformance/subject.ts';
import { type CraftedEntry, completeConfig } from '../../unit/runtime/payload/craft.ts';
import { scratchDirectory, type TestProduct, testProduct } from './product.ts';

const scratch = scratchDirectory();
const running = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await Promise.all([...running].map((child) => closed(child)));
  running.clear();
});
afterAll(() => scratch[Symbol.asyncDispose]());

const php = readFileSync(subjectPhp());
const config = {
  ...completeConfig,
  writable: ['files/', 'robots.txt'],
  workers: { ...completeConfig.workers, count: 2 },
  http: { ...completeConfig.http, listen: ['127.0.0.1:0'], drainMs: 5000 },
};
const entriesOf = (release: string): CraftedEntry[] => [
  {
    name: 'index.php',
    content: `<?php
      $do = $_GET['do'] ?? '';
      if ($do === 'log') error_log('line of a script');
      if ($do === 'sleep' || $do === 'hang') error_log('begun');
      if ($do === 'sleep') usleep(700_000);
      if ($do === 'hang') sleep(60);
      if ($do === 'later') {
        echo 'answered';
        fastcgi_finish_request();
        usleep(700_000);
        exit(file_put_contents(__DIR__ . '/files/later.txt', 'done'));
      }
      if ($do === 'put') file_put_contents(__DIR__ . '/files/x.txt', 'kept');
      if ($do === 'ini') exit(ini_get($_GET['name']));
      if ($do === 'child') exit(shell_exec('php -r "echo ini_get(\\'memory_limit\\');"'));
      if ($do === 'env') exit(getenv($_GET['name']) ?: 'none');
      echo 'release ${release}';`,
  },
];
const product = await testProduct(join(scratch.path, 'one'), entriesOf('1'), {
  php,
  config,
});

let data: string;
let count = 0;
beforeEach(() => {
  data = join(scratch.path, `data${++count}`);
});

interface Running {
  url: string;
  child: ChildProcess;
  /** Standard error so far, parsed. */
  records(): Record<string, unknown>[];
  /** Waits for a record whose message contains this. */
  logged(message: string): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

async function start(
  args: string[] = [],
  { from = product, env = {} }: { from?: TestProduct; env?: Record<string, string> } = {},
): Promise<Running> {
  const child = from.start(['--data-dir', data, ...args], { env });
  running.add(child);
  let text = '';
  child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const records = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (;;) {
    const ready = records().find((record) => record['msg'] === 'listening');
    if (ready) {
      const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
        child.kill(signal);
        return closed(child);
      };
      const logged = async (message: string): Promise<void> => {
        while (!records().some(({ msg }) => String(msg).includes(message)))
          await sleep(10);
      };
      return { url: String(ready['url']), child, records, logged, stop };
    }
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${text}`);
    await sleep(20);
  }
}

function closed(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve(child.exitCode);
  }
  return new Promise((resolve) => child.once('exit', (status) => resolve(status)));
}

const get = async (url: string): Promise<string> => (await fetch(url)).text();
const codeOf = (text: string): string | undefined => /PHPACK_E_\w+/.exec(text)?.[0];

test('it says where it listens, and answers there', async () => {
  const server = await start();
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  expect(await get(server.url)).toBe('release 1');
  expect(await server.stop()).toBe(0);
  expect(server.records().map((record) => record['msg'])).toEqual([
    'unpacked the app',
    'listening',
    'stopping',
    'stopped',
  ]);
});

test('every address is listened on', async () => {
  const socket = join(scratch.path, 'socket');
  const args = [
    '--listen',
    '127.0.0.1:0',
    '--listen',
    '127.0.0.1:0',
    '--listen',
    `unix:${socket}`,
  ];
  const server = await start(args);
  const urls = server
    .records()
    .flatMap(({ msg, url }) => (msg === 'listening' ? [url] : []));
  expect(urls).toHaveLength(3);
  expect(urls).toContain(`unix:${socket}`);
  await server.stop();
  expect(existsSync(socket)).toBe(false);
});

test('a declared file that the app makes later is served from then on', async () => {
  const server = await start();
  expect(await get(`${server.url}/robots.txt`)).toBe('release 1');
  writeFileSync(join(data, 'var/robots.txt'), 'User-agent: *');
  expect(await get(`${server.url}/robots.txt`)).toBe('User-agent: *');
  await server.stop();
});

test('a writable directory may be a link to another disk', async () => {
  await product.run(['extract', '--data-dir', data]);
  const disk = join(scratch.path, `disk${count}`);
  cpSync(join(data, 'var/files'), disk, { recursive: true });
  rmSync(join(data, 'var/files'), { recursive: true });
  symlinkSync(disk, join(data, 'var/files'));
  const server = await start();
  await get(`${server.url}/?do=put`);
  expect(readFileSync(join(disk, 'x.txt'), 'utf8')).toBe('kept');
  expect(await get(`${server.url}/files/x.txt`)).toBe('kept');
  await server.stop();
  chmodSync(disk, 0o777);
  const refused = await product.run(['--data-dir', data]);
  expect([refused.status, codeOf(refused.stderr)]).toEqual([
    5,
    'PHPACK_E_DATA_DIR_UNSAFE',
  ]);
});

describe('stopping', () => {
  test('an open request ends first, then the server, with status 0', async () => {
    const server = await start();
    const slow = get(`${server.url}/?do=sleep`);
    await server.logged('begun');
    const ended = server.stop();
    expect(await slow).toBe('release 1');
    expect(await ended).toBe(0);
  });

  test('what a script does after its answer is done, too', async () => {
    const server = await start();
    expect(await get(`${server.url}/?do=later`)).toBe('answered');
    expect(await server.stop()).toBe(0);
    expect(readFileSync(join(data, 'var/files/later.txt'), 'utf8')).toBe('done');
  });

  test('what does not end in its time is cut off', async () => {
    const server = await start(['--drain-timeout', '300ms']);
    const hanging = get(`${server.url}/?do=hang`).catch(() => 'cut off');
    await server.logged('begun');
    expect(await server.stop('SIGINT')).toBe(0);
    expect(await hanging).not.toContain('release');
  });

  test('a second signal does not wait', async () => {
    const server = await start();
    const hanging = get(`${server.url}/?do=hang`).catch(() => 'cut off');
    await server.logged('begun');
    server.child.kill('SIGTERM');
    await server.logged('stopping');
    expect(await server.stop('SIGTERM')).toBe(143);
    expect(await hanging).toBe('cut off');
  });

  test('SIGHUP is no reason to stop when there is no terminal', async () => {
    const server = await start();
    server.child.kill('SIGHUP');
    await server.logged('SIGHUP ignored');
    expect(await get(server.url)).toBe('release 1');
    await server.stop();
  });

  test('what a killed server has marked as used is free after the next start', async () => {
    const killed = await start();
    const left = marks();
    await killed.stop('SIGKILL');
    const server = await start();
    expect(marks()).toHaveLength(left.length);
    expect(marks().filter((mark) => left.includes(mark))).toEqual([]);
    await server.stop();
    expect(marks()).toEqual([]);
  });

  test('kill -9 of the server leaves no PHP behind', async () => {
    const server = await start();
    const children = childrenOf(server.child.pid!);
    expect(children.length).toBeGreaterThan(0);
    await server.stop('SIGKILL');
    for (let tries = 0; tries < 1000 && children.some(isAlive); tries++) await sleep(20);
    expect(children.filter(isAlive)).toEqual([]);
  });
});

async function limits(...args: string[]): Promise<Record<string, number>> {
  const all = ['config', '--json', '--data-dir', data, ...args];
  return JSON.parse((await product.run(all)).stdout).front;
}

describe('configuration', () => {
  test('--define and --env reach PHP; so does the environment of the server', async () => {
    const args = ['-d', 'memory_limit=55M', '--env', 'ONE=1', '--max-body', '3M'];
    const server = await start(args, { env: { TWO: '2' } });
    const ini = (name: string) => get(`${server.url}/?do=ini&name=${name}`);
    const env = (name: string) => get(`${server.url}/?do=env&name=${name}`);
    expect([await ini('memory_limit'), await ini('post_max_size')]).toEqual([
      '55M',
      '3145728',
    ]);
    expect([await env('ONE'), await env('TWO'), await env('THREE')]).toEqual([
      '1',
      '2',
      'none',
    ]);
    await server.stop();
  });

  test('config shows what clients may make the server hold', async () => {
    const chosen = await limits('--front-memory', '64M', '--spool-limit', '1G');
    expect(chosen).toMatchObject({
      memoryBytes: 64 << 20,
      spoolBytes: 1 << 30,
      maxConnections: expect.toSatisfy((count: number) => count > 0 && count <= 819),
    });
    const { memoryBytes, spoolBytes } = await limits();
    expect(memoryBytes).toBeGreaterThanOrEqual(32 << 20);
    expect(memoryBytes).toBeLessThanOrEqual(1 << 30);
    expect(spoolBytes).toBeGreaterThan(0);
  });

  test('whatever other commands do, PHP comes back with the same php.ini', async () => {
    const server = await start(['-d', 'memory_limit=55M']);
    const settings = async (): Promise<string[]> => [
      await get(`${server.url}/?do=ini&name=memory_limit`),
      await get(`${server.url}/?do=child`),
    ];
    const run = join(data, 'run');
    const others = Array.from({ length: 1100 }, (_, i) => join(run, `${i}.ini`));
    for (const path of others) writeFileSync(path, '');
    for (const command of ['config', 'prune']) {
      await product.run([
        command,
        '--data-dir',
        data,
        '-d',
        `precision=${command.length}`,
      ]);
    }
    await product.run(['--data-dir', data, '-d', 'precision=3', 'php-cli', '-v']);
    // Older than all others, but used by a server.
    expect(await settings()).toEqual(['55M', '55M']);
    // Not even this: it is written anew.
    for (const name of readdirSync(run)) rmSync(join(run, name), { recursive: true });
    process.kill(childrenOf(server.child.pid!)[0]!, 'SIGKILL');
    await server.logged('started again');
    expect(await settings()).toEqual(['55M', '55M']);
    await server.stop();
  });

  test('error_log() is in the log, with its request', async () => {
    data = join(scratch.path, 'däta');
    const server = await start();
    await get(`${server.url}/some/page?do=log`);
    await server.stop();
    expect(server.records()).toContainEqual(
      expect.objectContaining({
        source: 'php',
        request: expect.stringMatching(/^[\w-]{8,}$/),
        msg: expect.stringContaining('line of a script'),
        method: 'GET',
        target: '/some/page?do=log',
        script: expect.stringMatching(/\/däta\/.*\/tree\/index\.php$/),
      }),
    );
  });
});

describe('failures have codes', () => {
  test('an address in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const run = await product.run(['--data-dir', data, '--listen', `127.0.0.1:${port}`]);
    other.close();
    expect([run.status, codeOf(run.stderr)]).toEqual([7, 'PHPACK_E_LISTEN']);
  });

  test('no address at all', async () => {
    const run = await product.run(['--data-dir', data, '--set', 'http.listen=[]']);
    expect([run.status, codeOf(run.stderr)]).toEqual([7, 'PHPACK_E_LISTEN']);
  });

  test('a PHP that does not start, with what it said', async () => {
    const broken = await testProduct(join(scratch.path, 'broken'), entriesOf('1'), {
      php: Buffer.from('#!/bin/sh\necho "no such thing" >&2\nexit 3\n'),
      config,
    });
    const run = await broken.run(['--data-dir', data]);
    expect([run.status, codeOf(run.stderr)]).toEqual([6, 'PHPACK_E_PHP_START']);
    expect(run.stderr).toContain('no such thing');
    rmSync(broken.file);
  });
});

describe('versions', () => {
  test('two servers of different versions share data; old code stays while it is used', async () => {
    const old = await start();
    await get(`${old.url}/?do=put`);
    for (const release of ['2', '3', '4']) {
      const next = await testProduct(join(scratch.path, 'next'), entriesOf(release), {
        php,
        config,
      });
      const server = await start([], { from: next });
      expect(await get(server.url)).toBe(`release ${release}`);
      expect(await get(`${server.url}/files/x.txt`)).toBe('kept');
      expect(await get(old.url)).toBe('release 1');
      await server.stop();
      await next.run(['prune', '--data-dir', data]);
      rmSync(next.file);
    }
    const versions = () =>
      readdirSync(join(data, 'app')).filter((name) => name !== '.lock');
    // The two used last, and the one that is in use.
    expect(versions()).toHaveLength(3);
    await old.stop();
    await product.run(['prune', '--data-dir', data]);
    expect(versions()).toHaveLength(2);
  });

  test('many servers at once on one fresh data directory', async () => {
    mkdirSync(data, { mode: 0o700 });
    const servers = await Promise.all([start(), start(), start()]);
    const answers = await Promise.all(servers.map((server) => get(server.url)));
    expect(answers).toEqual(['release 1', 'release 1', 'release 1']);
    expect(await Promise.all(servers.map((server) => server.stop()))).toEqual([0, 0, 0]);
  });
});

/** Of what running servers use. */
function marks(): string[] {
  return readdirSync(join(data, 'run')).filter((name) => name.endsWith('.use'));
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  const direct = readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  return [...direct, ...direct.flatMap(childrenOf)];
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has nobody who waits for it, but runs nothing any more.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
