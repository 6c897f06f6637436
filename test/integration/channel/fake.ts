import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { buildChannel } from '../../../native/channel/build.ts';
import { loadAddon, type NativeAddon } from '../../../runtime/native.ts';
import * as layout from '../../../runtime/php/layout.ts';
import { WorkerPool } from '../../../runtime/php/pool.ts';
import type { PhpLogEntry, PhpPoolOptions } from '../../../runtime/php/types.ts';
import { cacheRoot } from '../../../static-php-build/cache.ts';

const here = import.meta.dirname;
const sources = ['fake-zygote.c', 'fake-loop.c', 'fake-worker.c'];

/** Path of the peer without PHP; compiles it when its sources have changed. */
export function fakePhp(): string {
  const hash = createHash('sha256');
  for (const name of [...sources, 'fake.h', '../../../native/channel/layout.h']) {
    hash.update(readFileSync(join(here, name)));
  }
  const dir = join(cacheRoot(), 'fake-php', hash.digest('hex').slice(0, 32));
  const result = join(dir, 'fake');
  if (existsSync(result)) return result;
  mkdirSync(dir, { recursive: true });
  const output = join(mkdtempSync(join(dir, 'build-')), 'fake');
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O2', '-o', output];
  execFileSync('cc', [...flags, ...sources], { cwd: here });
  renameSync(output, result);
  return result;
}

/** A pool over the fake peer, with its shared memory and its log in sight. */
export interface FakePool {
  pool: WorkerPool;
  log: PhpLogEntry[];
  /** The memory of the current zygote. */
  words: () => Int32Array;
  /** Process ids of the living workers. */
  workerPids: () => number[];
}

export interface FakeOptions extends Partial<Omit<PhpPoolOptions, 'env' | 'onLog'>> {
  /** FAKE_SEED, FAKE_DEATHS, FAKE_PAUSES, FAKE_STARTUP_MS, FAKE_FAIL. */
  env?: Record<string, string>;
}

export function openFakePool(options: FakeOptions = {}): FakePool {
  const real = loadAddon(buildChannel());
  let memory = new ArrayBuffer(0);
  const addon: NativeAddon = {
    ...real,
    Channel: class extends real.Channel {
      constructor(...args: ConstructorParameters<NativeAddon['Channel']>) {
        super(...args);
        memory = this.memory;
      }
    },
  };
  const log: PhpLogEntry[] = [];
  const pool = new WorkerPool(addon, {
    phpBinary: fakePhp(),
    workers: 2,
    maxRequests: 0,
    requestTimeoutMs: 0,
    requestGraceMs: 1000,
    afterFinishTimeoutMs: 0,
    queueLimit: 10_000,
    queueTimeoutMs: 0,
    ...options,
    env: options.env ?? {},
    onLog: (entry) => log.push(entry),
  });
  const words = (): Int32Array => new Int32Array(memory);
  const workerPids = (): number[] => {
    const pids: number[] = [];
    for (let index = 0; index < (options.workers ?? 2); index++) {
      const offset = layout.channel.workers + index * layout.WORKER_BYTES;
      const pid = Atomics.load(words(), (offset + layout.worker.pid) >> 2);
      if (pid !== 0) pids.push(pid);
    }
    return pids;
  };
  return { pool, log, words, workerPids };
}

/** How many slots of the memory are in this state. */
export function countSlots(words: Int32Array, state: number): number {
  const slots = words[layout.channel.slot_count >> 2]!;
  let found = 0;
  for (let slot = 0; slot < slots; slot++) {
    const claim =
      (layout.SLOTS_OFFSET + slot * layout.SLOT_BYTES + layout.slot.claim) >> 2;
    if ((Atomics.load(words, claim) & 255) === state) found++;
  }
  return found;
}
