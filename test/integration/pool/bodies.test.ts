import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Collector, until } from '../channel/request.ts';
import { ownKib, PhpSite } from './php.ts';

const scripts = {
  'hello.php': 'header("X-Test: yes"); echo "hello ", $_GET["name"] ?? "";',
  'read.php':
    '$in = fopen("php://input", "r"); $sum = hash_init("md5"); $n = 0;' +
    'while (($part = fread($in, 65536)) !== "" && $part !== false) {' +
    '  $n += strlen($part); hash_update($sum, $part); }' +
    'echo $n, " ", hash_final($sum), " ", getmypid();',
  'write.php':
    '$part = random_bytes(64) ; $part = str_repeat($part, 1024); $sum = hash_init("md5");' +
    'for ($n = (int) $_GET["pieces"]; $n > 0; $n--) { echo $part; hash_update($sum, $part); }' +
    'error_log(hash_final($sum) . " " . getmypid());',
};

let site: PhpSite;
beforeAll(async () => {
  site = new PhpSite(scripts, { workers: 2 }, ['opcache.enable=1', 'post_max_size=0']);
  await site.pool.ready;
});
afterAll(() => site.close());

const put = { method: 'PUT', contentType: 'application/octet-stream' };
const twoGib = 2 * 1024 ** 3;
/** Far below any copy of the body, above what caches and garbage amount to. */
const growthKib = 96 * 1024;

function measure(): { node: number; php: number } {
  return { node: ownKib('self'), php: Math.max(...site.workerPids().map(ownKib)) };
}

/** Highest memory of its own of this process and of the workers while `work` runs. */
async function peakGrowth(
  work: () => Promise<void>,
): Promise<{ node: number; php: number }> {
  const before = measure();
  const peak = { ...before };
  const timer = setInterval(() => {
    const now = measure();
    peak.node = Math.max(peak.node, now.node);
    peak.php = Math.max(peak.php, now.php);
  }, 20);
  await work();
  clearInterval(timer);
  return { node: peak.node - before.node, php: peak.php - before.php };
}

test('hello, a thousand times', async () => {
  for (let i = 0; i < 20; i++) {
    const all = Array.from({ length: 50 }, (_, j) =>
      site.send(`hello.php?name=${i}.${j}`),
    );
    for (const [j, sink] of all.entries()) {
      await sink.settled();
      expect(sink.body.toString()).toBe(`hello ${i}.${j}`);
      expect(sink.headers).toContain('X-Test');
    }
  }
});

test.each([0, 1, 1000, 65_536, 65_537, 5_000_000])(
  'php://input is the body, %i bytes of it',
  async (length) => {
    const bytes = Buffer.alloc(length, 'some text ');
    const body = { kind: 'bytes', bytes } as const;
    const over = { ...put, contentLength: `${length}` };
    const sink = await site.send('read.php', body, over).settled();
    const sum = createHash('md5').update(bytes).digest('hex');
    expect(sink.body.toString()).toMatch(new RegExp(`^${length} ${sum} `));
  },
);

test('a body whose length nobody announced is read to its end', async () => {
  const stream = Readable.from([Buffer.from('one '), Buffer.from('two')]);
  const sink = await site.send('read.php', { kind: 'stream', stream }, put).settled();
  const sum = createHash('md5').update('one two').digest('hex');
  expect(sink.body.toString()).toMatch(new RegExp(`^7 ${sum} `));
});

test('2 GiB from a spool file reach the script in constant memory', async () => {
  const path = join(site.root, 'spool');
  const fd = openSync(path, 'wx+');
  unlinkSync(path);
  ftruncateSync(fd, twoGib);
  writeSync(fd, 'end', twoGib - 3);
  const sink = new Collector();
  const growth = await peakGrowth(async () => {
    const over = { ...put, contentLength: `${twoGib}` };
    site.send('read.php', { kind: 'file', fd, length: twoGib }, over, sink);
    closeSync(fd);
    await sink.settled();
  });
  expect(sink.body.toString()).toMatch(new RegExp(`^${twoGib} [0-9a-f]{32} `));
  expect(growth.node).toBeLessThan(growthKib);
  expect(growth.php).toBeLessThan(growthKib);
});

test('2 GiB streamed through the ring reach the script in constant memory', async () => {
  const part = Buffer.alloc(65_536, 'abc');
  const sum = createHash('md5');
  let left = twoGib / part.length;
  const stream = new Readable({
    read() {
      sum.update(part);
      this.push(part);
      if (--left === 0) this.push(null);
    },
  });
  const sink = new Collector();
  const growth = await peakGrowth(async () => {
    const over = { ...put, contentLength: `${twoGib}` };
    await site.send('read.php', { kind: 'stream', stream }, over, sink).settled();
  });
  expect(sink.body.toString()).toMatch(new RegExp(`^${twoGib} ${sum.digest('hex')} `));
  expect(growth.node).toBeLessThan(growthKib);
  expect(growth.php).toBeLessThan(growthKib);
});

test('2 GiB from the script reach the front in constant memory', async () => {
  const sum = createHash('md5');
  class Summing extends Collector {
    override onData(chunk: Buffer): boolean {
      sum.update(chunk);
      return super.onData(chunk);
    }
  }
  const sink = new Summing();
  sink.keeps = false;
  site.log.length = 0;
  const growth = await peakGrowth(async () => {
    await site
      .send(`write.php?pieces=${twoGib / 65_536}`, { kind: 'none' }, {}, sink)
      .settled();
  });
  expect(sink).toMatchObject({ bytes: twoGib, failure: null, errors: [] });
  // The log comes by another way than the response.
  await until(() => site.log.length > 0, 'the sum in the log');
  expect(site.log[0]!.text).toContain(sum.digest('hex'));
  expect(growth.node).toBeLessThan(growthKib);
  expect(growth.php).toBeLessThan(growthKib);
});
