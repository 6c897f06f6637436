import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { readdirSync, writeFileSync, writeSync } from 'node:fs';
import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildChannel } from '../../../native/channel/build.ts';
import { loadAddon } from '../../../runtime/native.ts';

const path = buildChannel();
const addon = loadAddon(path);
const bytes = 1 << 20;

/** Runs a program that has the addon as `addon`, in a process of its own. */
function runProgram(source: string): { status: number | null; output: string } {
  const prelude = `const m = { exports: {} }; process.dlopen(m, ${JSON.stringify(path)});
    const addon = m.exports; const open = () => new addon.Channel(${bytes}, () => {}, () => {});`;
  const args = ['--expose-gc', '-e', prelude + source];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  return { status: run.status, output: run.stdout + run.stderr };
}

test('a process may end with a channel open, in every way a process can end', () => {
  expect(runProgram('open(); process.exit(0)')).toEqual({ status: 0, output: '' });
  expect(runProgram('open(); setTimeout(() => process.exit(3), 20)').status).toBe(3);
  expect(runProgram('const c = open(); c.close(); c.close()').status).toBe(0);
  expect(runProgram('open(); throw new Error("x")').status).toBe(1);
});

test('an open channel keeps the process alive, a closed one does not', () => {
  const program = 'const c = open(); setTimeout(() => { console.log(1); c.close() }, 50)';
  expect(runProgram(program)).toEqual({ status: 0, output: '1\n' });
});

test('a thread with an open channel can be ended, and leaves no descriptor', () => {
  const program = `const { Worker } = require('node:worker_threads');
    const fds = () => require('node:fs').readdirSync('/proc/self/fd').length;
    const code = \`const m = { exports: {} }; process.dlopen(m, \${JSON.stringify(${JSON.stringify(path)})});
      globalThis.c = new m.exports.Channel(${bytes}, () => {}, () => {});
      require('node:worker_threads').parentPort.postMessage(1)\`;
    const once = async () => {
      const worker = new Worker(code, { eval: true });
      await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
      await worker.terminate();
    };
    (async () => { await once(); const before = fds(); await once(); await once();
      console.log(fds() - before); })()`;
  expect(runProgram(program)).toEqual({ status: 0, output: '0\n' });
});

test('the memory stays readable after close() and is given back when nobody sees it', () => {
  const program = `
    const maps = () => require('node:fs').readFileSync('/proc/self/maps', 'utf8')
      .split('memfd:phpack-channel').length - 1;
    let views = [];
    for (let i = 0; i < 20; i++) {
      const c = open(); const v = new Uint8Array(c.memory); v[5] = i; c.close(); views.push(v);
    }
    setTimeout(() => {
      gc();
      const sum = views.reduce((total, view) => total + view[5], 0);
      views = null;
      setTimeout(() => { gc(); setTimeout(() => console.log(sum, maps() < 5), 50) }, 50);
    }, 50)`;
  expect(runProgram(program)).toEqual({ status: 0, output: '190 true\n' });
});

test('a throwing callback is an uncaught exception, not a crash', () => {
  const program = `
    process.on('uncaughtException', (e) => { console.log(e.message); c.close(); });
    const c = new addon.Channel(${bytes}, () => { throw new Error('from news') }, () => {});
    const [, doorbell] = c.descriptors;
    require('node:fs').writeSync(doorbell, new Uint8Array(new BigUint64Array([1n]).buffer));`;
  expect(runProgram(program)).toEqual({ status: 0, output: 'from news\n' });
});

test('none of its descriptors reaches a program that was not meant to have it', () => {
  const channel = new addon.Channel(
    bytes,
    () => {},
    () => {},
  );
  const reader = channel.takeLogReader();
  for (const fd of [...channel.descriptors, reader]) {
    const flags = /flags:\s+(\d+)/.exec(
      readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'),
    )![1]!;
    expect(Number.parseInt(flags, 8) & 0o2000000).not.toBe(0);
  }
  closeSync(reader);
  channel.close();
});

test('nobody can shrink the memory under the others', () => {
  const channel = new addon.Channel(
    bytes,
    () => {},
    () => {},
  );
  const [memory] = channel.descriptors;
  expect(fstatSync(memory).size).toBe(bytes);
  const run = spawnSync('truncate', ['-s', '0', `/proc/${process.pid}/fd/${memory}`]);
  expect(run.status).not.toBe(0);
  expect(fstatSync(memory).size).toBe(bytes);
  channel.close();
});

test('an unlinked file can be read anew from its start', () => {
  const dir = mkdtempSync(join(tmpdir(), 'phpack-addon-'));
  const file = join(dir, 'spool');
  const fd = openSync(file, 'wx+');
  unlinkSync(file);
  writeSync(fd, 'contents');
  const again = addon.reopenForReading(fd);
  expect(readFileSync(again, 'utf8')).toBe('contents');
  expect(() => writeSync(again, 'x')).toThrow(/EBADF/);
  closeSync(again);
  closeSync(fd);
  expect(() => addon.reopenForReading(fd)).toThrow(/EBADF|Bad file/);
  rmSync(dir, { recursive: true });
});

test('a program in memory runs, and cannot be changed any more', () => {
  const source = openSync('/bin/true', 'r');
  const before = readdirSync('/proc/self/fd').length;
  const copy = addon.memfdFromFile(source, 'true');
  expect(copy).toBeGreaterThanOrEqual(100);
  expect(readlinkSync(`/proc/self/fd/${copy}`)).toContain('memfd:true');
  const program = `/proc/${process.pid}/fd/${copy}`;
  expect(spawnSync(program).status).toBe(0);
  expect(() => writeFileSync(program, 'x')).toThrow();
  closeSync(copy);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
  closeSync(source);
});

test('a lock belongs to one holder at a time', () => {
  const dir = mkdtempSync(join(tmpdir(), 'phpack-addon-'));
  const one = openSync(join(dir, 'lock'), 'w');
  const two = openSync(join(dir, 'lock'), 'w');
  expect(addon.tryLock(one)).toBe(true);
  expect(addon.tryLock(two)).toBe(false);
  closeSync(one);
  expect(addon.tryLock(two)).toBe(true);
  closeSync(two);
  rmSync(dir, { recursive: true });
});

test('it needs only glibc, no newer one than Node does, and names no build directory', () => {
  const readelf = (...args: string[]): string =>
    execFileSync('readelf', [...args, path], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
  const needed = [...readelf('-d').matchAll(/Shared library: \[([^\]]+)\]/g)];
  const glibc = /^(libc|libm|libdl|libpthread|librt|ld-linux-[\w-]+)\.so\.\d+$/;
  expect(needed.map((match) => match[1]).filter((name) => !glibc.test(name!))).toEqual(
    [],
  );
  const minors = [...readelf('-V').matchAll(/GLIBC_2\.(\d+)/g)].map((m) => Number(m[1]));
  expect(Math.max(...minors)).toBeLessThanOrEqual(28);
  const text = readFileSync(path, 'latin1');
  expect(text).not.toContain(join(import.meta.dirname, '../../..'));
  expect(text).not.toContain(homedir());
});
