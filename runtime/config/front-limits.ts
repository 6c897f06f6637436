import { statfsSync } from 'node:fs';
import type { AppConfig } from '../../contract/config.ts';
import { WORKER_BYTES } from './effective.ts';
import { memoryLimit } from './memory.ts';

const MIB = 2 ** 20;
/** The front itself, OPcache, and the system's. */
const BASE_BYTES = 128 * MIB;
const TMPFS = 0x01021994;

export interface FrontLimits {
  memoryBytes: number;
  spoolBytes: number;
}

/**
 * `http.memoryBytes` and `http.spoolBytes`, with 0 replaced by what suits the machine or
 * the container.
 */
export function frontLimits(
  { memoryBytes, spoolBytes }: AppConfig['http'],
  workers: number,
  spoolDir: string,
  memory = memoryLimit(),
): FrontLimits {
  return {
    memoryBytes: memoryBytes || suitableMemory(memory, workers),
    spoolBytes: spoolBytes || suitableSpool(spoolDir, memory),
  };
}

/** A quarter, when PHP's processes leave so much. */
export function suitableMemory(memory: number, workers: number): number {
  const left = memory - workers * WORKER_BYTES - BASE_BYTES;
  return Math.max(32 * MIB, Math.min(memory / 4, left, 1024 * MIB));
}

/** Half of what is free now; on a disk in memory, no more than that stands. */
function suitableSpool(dir: string, memory: number): number {
  const { type, bavail, bsize } = statfsSync(dir);
  const half = Math.floor((bavail * bsize) / 2);
  return Math.max(MIB, type === TMPFS ? Math.min(half, memory / 8) : half);
}
