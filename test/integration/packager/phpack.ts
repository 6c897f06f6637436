import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const repository = join(import.meta.dirname, '../../..');
export const hello = join(repository, 'examples/hello');

export interface Finished {
  /** -1 after a signal. */
  status: number;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  finished: Promise<Finished>;
}

export function start(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string | undefined>; cwd?: string } = {},
): Running {
  const child = spawn(program, args, {
    cwd: options.cwd ?? '/',
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  child.on('error', reject);
  child.on('close', (code, signal) => resolve({ status: code ?? -1, signal, ...text }));
  return { child, finished: promise };
}

export function run(
  program: string,
  args: readonly string[],
  options: Parameters<typeof start>[2] = {},
): Promise<Finished> {
  return start(program, args, options).finished;
}

/** The command as users run it, by the Node that runs this. */
export function phpack(...args: string[]): Running {
  return start(process.execPath, [join(repository, 'packager/cli.ts'), ...args]);
}

export interface Scratch extends Disposable {
  path: string;
}

export function scratchDirectory(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'phpack-integration-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The unfinished file of a running build, as soon as there is one. */
export async function unfinishedFile(directory: string): Promise<string> {
  for (;;) {
    const name = readdirSync(directory).find((one) => one.includes('.phpack-'));
    if (name) return name;
    await sleep(5);
  }
}
