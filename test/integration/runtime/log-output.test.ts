import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, constants, copyFileSync, openSync } from 'node:fs';
import { createReadStream, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { buildChannel } from '../../../native/channel/build.ts';
import { bundleRuntime } from '../../../packager/base/bundle.ts';
import { scratchDirectory } from './product.ts';

const scratch = scratchDirectory();
afterAll(() => scratch[Symbol.asyncDispose]());
// Another user runs the program in here.
chmodSync(scratch.path, 0o755);
const [node, program, channel] = ['node', 'program.cjs', 'channel.node'].map((name) =>
  join(scratch.path, name),
) as [string, string, string];
copyFileSync(process.execPath, node);
copyFileSync(buildChannel(), channel);
const source = join(import.meta.dirname, '../../fixtures/log-program.ts');
writeFileSync(program, await bundleRuntime(source));

function assertCounted(log: string, total: number): void {
  const lines = log.trimEnd().split('\n');
  expect(lines.pop()).toBe('last');
  const losses = lines
    .flatMap((line) => /^(\d+) lost$/.exec(line)?.[1] ?? [])
    .map(Number);
  const whole = lines.filter((line) => /^line x{94}$/.test(line));
  expect(whole.length + losses.length).toBe(lines.length);
  const lost = losses.reduce((sum, count) => sum + count, 0);
  expect(lost).toBeGreaterThan(0);
  expect(whole.length + lost).toBe(total);
}

test('a socket that nobody reads, as of a stuck journald, stops nothing', async () => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // Unlike Node's own, bash's sockets block.
  const script = `exec 2<>/dev/tcp/127.0.0.1/${port}; exec "$@"`;
  const words = ['-c', script, 'bash', node, program, '200000', channel];
  const child = spawn('bash', words, { stdio: ['pipe', 'pipe', 'ignore'] });
  const [log] = (await once(server, 'connection')) as [Socket];
  await once(child.stdout, 'data');
  child.stdin.end('go');
  assertCounted(await text(log), 200_000);
  server.close();
});

test.runIf(process.geteuid!() === 0)('nor does a pipe of another user', async () => {
  const path = join(scratch.path, 'pipe');
  execFileSync('mkfifo', ['-m', '600', path]);
  const pipe = openSync(path, constants.O_RDWR);
  const child = spawn(node, [program, '60000', channel], {
    stdio: ['pipe', 'pipe', pipe],
    uid: 65534,
    gid: 65534,
  });
  await once(child.stdout!, 'data');
  const reader = createReadStream(path);
  closeSync(pipe);
  child.stdin!.end('go');
  assertCounted(await text(reader), 60_000);
});
