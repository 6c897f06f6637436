import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { subjectPhp } from '../../conformance/subject.ts';
import { completeConfig } from '../../unit/runtime/payload/craft.ts';
import { until } from '../channel/request.ts';
import { childrenOf } from '../pool/php.ts';
import { scratchDirectory, testProduct } from './product.ts';

const nobody = 65534;
const secret = 'of one visitor only';
const scratch = scratchDirectory();
chmodSync(scratch.path, 0o755);
let server: ChildProcess | null = null;
afterAll(async () => {
  server?.kill('SIGKILL');
  await scratch[Symbol.asyncDispose]();
});

/** Has read some of its body, and has it open, until somebody says go. */
const hold = `<?php
  $in = fopen('php://input', 'r');
  fread($in, 10);
  while (!file_exists('files/go')) usleep(10000);
  echo strlen(stream_get_contents($in)) + 10;`;

/** Fetches addresses as an app does that was told to; names those with the secret. */
const spy = `<?php
  function fetch($path) {
    $curl = curl_init("file://$path");
    curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT_MS => 500]);
    return curl_exec($curl) . @file_get_contents($path, false, null, 0, 1 << 25);
  }
  $paths = [];
  foreach ([...explode(',', $_GET['pids']), 'self'] as $pid) {
    for ($fd = 0; $fd < 300; $fd++) $paths[] = "/proc/$pid/fd/$fd";
    array_push($paths, "/proc/$pid/mem", "/proc/$pid/environ");
    preg_match_all('/^([0-9a-f]+-[0-9a-f]+) .*(memfd|zero)/m', fetch("/proc/$pid/maps"), $found);
    foreach ($found[1] as $range) $paths[] = "/proc/$pid/map_files/$range";
  }
  $paths = array_filter($paths, fn ($path) => str_contains(fetch($path), $_GET['secret']));
  echo json_encode(array_values($paths));`;

const seen = `<?php
  echo json_encode([
    'status' => str_contains(file_get_contents('/proc/self/status'), 'Name:'),
    'descriptors' => count(scandir('/proc/self/fd')) > 5,
    'children' => str_contains(shell_exec('cat /proc/self/environ'), 'PHP_BINARY='),
    'stderr' => shell_exec('echo said > /dev/stderr && echo yes'),
  ]);`;

const entries = Object.entries({ hold, spy, seen }).map(([name, content]) => ({
  name: `${name}.php`,
  content,
}));

/** As root everything can be seen, and what root may do is not what is tested here. */
describe.runIf(process.geteuid!() === 0)('under an ordinary user', () => {
  test("no address leads to another visitor's request", async () => {
    const data = join(scratch.path, 'data');
    mkdirSync(data, { mode: 0o700 });
    chownSync(data, nobody, nobody);
    const product = await testProduct(join(scratch.path, 'product'), entries, {
      php: readFileSync(subjectPhp()),
      config: {
        ...completeConfig,
        writable: ['files/'],
        workers: { ...completeConfig.workers, count: 2 },
        http: { ...completeConfig.http, listen: ['127.0.0.1:0'] },
      },
    });
    const started = product.start(['--data-dir', data], { uid: nobody, gid: nobody });
    server = started;
    let text = '';
    started.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until(() => text.includes('"listening"'), `the start: ${text}`);
    const url = /"url":"(http:[^"]+?)\/?"/.exec(text)![1]!;

    const front = started.pid!;
    const [zygote = 0] = childrenOf(front);
    const [one, two] = childrenOf(zygote);
    const body = Buffer.alloc(3_000_000, secret);
    const held = fetch(`${url}/hold.php`, {
      method: 'PUT',
      body,
      headers: { 'x-secret': secret },
    });
    // It is there: root sees it, in the front and in the worker.
    await until(
      () => [front, one!, two!].filter(hasOpenSecret).length === 2,
      'the upload',
    );
    const pids = [front, zygote, one, two].join(',');
    const found = await fetch(
      `${url}/spy.php?pids=${pids}&secret=${encodeURI('one visitor')}`,
    );
    expect(await found.json()).toEqual([]);
    expect(await (await fetch(`${url}/seen.php`)).json()).toEqual({
      status: true,
      descriptors: true,
      children: true,
      stderr: 'yes\n',
    });
    writeFileSync(join(data, 'var/files/go'), '');
    expect(await (await held).text()).toBe(`${body.length}`);
    started.kill('SIGTERM');
    await once(started, 'exit');
  });
});

function hasOpenSecret(pid: number): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    const path = `/proc/${pid}/fd/${fd}`;
    try {
      return statSync(path).isFile() && readFileSync(path).includes(secret);
    } catch {
      return false; // closed meanwhile
    }
  });
}
