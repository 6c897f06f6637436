import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** A finished stage, for the table of wall times at the end. */
export interface StageTime {
  name: string;
  seconds: number;
  isOk: boolean;
}

const times: StageTime[] = [];

/** Runs `work` under a heading and remembers how long it took. */
export async function stage(
  name: string,
  work: () => Promise<boolean>,
): Promise<boolean> {
  console.log(`\n== ${name}`);
  const start = performance.now();
  let isOk = false;
  try {
    isOk = await work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  times.push({ name, seconds: (performance.now() - start) / 1000, isOk });
  return isOk;
}

export function printStageTimes(): void {
  console.log('\nstage                        wall');
  for (const { name, seconds, isOk } of times) {
    console.log(
      `${name.padEnd(26)} ${seconds.toFixed(1).padStart(7)} s${isOk ? '' : '  FAILED'}`,
    );
  }
}

export interface CommandResult {
  isOk: boolean;
  /** Last non-empty line of standard output. */
  lastLine: string;
}

/** Runs a command in the repository; its output is shown as it comes. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let tail = '';
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    tail = (tail + chunk.toString()).slice(-8192);
  });
  child.on('error', reject);
  child.on('close', (status) => {
    const lines = tail.split('\n').filter((line) => line.trim() !== '');
    resolve({ isOk: status === 0, lastLine: lines.at(-1) ?? '' });
  });
  return promise;
}

/** Runs a TypeScript or npm-installed program with the pinned Node. */
export function runNode(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return run(process.execPath, args, env);
}
