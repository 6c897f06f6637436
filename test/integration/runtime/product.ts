import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildChannel } from '../../../native/channel/build.ts';
import { bundleRuntime } from '../../../packager/base/bundle.ts';
import { removeTree } from '../../../runtime/payload/remove.ts';
import {
  type CraftedEntry,
  type CraftOptions,
  craftProduct,
  craftTar,
} from '../../unit/runtime/payload/craft.ts';

export const main = join(import.meta.dirname, '../../../runtime/main.ts');

/**
 * Tests make and remove tens of thousands of files, for which a busy disk takes minutes. Only
 * where programs can be run from there, unlike in many containers.
 */
function isRoomyMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    const probe = mkdtempSync('/dev/shm/phpack-probe-');
    copyFileSync('/bin/true', join(probe, 'true'));
    const { status } = spawnSync(join(probe, 'true'));
    rmSync(probe, { recursive: true });
    return status === 0 && bavail * bsize > 3 * 2 ** 30;
  } catch {
    return false;
  }
}

/** A directory of this test file, removed at its end. */
export function scratchDirectory(): AsyncDisposable & { path: string } {
  const path = mkdtempSync(
    join(isRoomyMemory() ? '/dev/shm' : tmpdir(), 'phpack-runtime-'),
  );
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}

export interface TestProduct {
  file: string;
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  start(args: readonly string[], options?: RunOptions): ChildProcess;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  uid?: number;
  gid?: number;
}

export interface RunResult {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/**
 * A product whose base is Node itself: it runs runtime/main.ts from source, and finds the
 * payload behind its own executable, as the real one does.
 */
export async function testProduct(
  file: string,
  entries: readonly CraftedEntry[],
  options: Omit<CraftOptions, 'base'> = {},
): Promise<TestProduct> {
  craftProduct(file, await craftTar(entries), {
    base: readFileSync(process.execPath),
    channel: readFileSync(buildChannel()),
    php: readFileSync('/bin/echo'),
    ...options,
  });
  // Another user may not enter the directory in which the sources are (root's home).
  const bundle = `${file}.cjs`;
  writeFileSync(bundle, await bundleRuntime(main));
  const start = (args: readonly string[], given: RunOptions = {}): ChildProcess =>
    spawn(file, [given.uid === undefined ? main : bundle, ...args], {
      env: given.env ?? {},
      cwd: given.cwd ?? '/',
      ...(given.uid === undefined ? {} : { uid: given.uid }),
      ...(given.gid === undefined ? {} : { gid: given.gid }),
    });
  return { file, start, run: (args, given) => finish(start(args, given), given?.input) };
}

export function finish(child: ChildProcess, input = ''): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.on('error', reject);
  child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  child.stdin!.on('error', () => {});
  child.stdin!.end(input);
  return promise;
}
