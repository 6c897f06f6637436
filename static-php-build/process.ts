import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface RunOptions {
  cwd: string;
  env: Record<string, string>;
  /** Both output streams are appended here. */
  log: string;
}

/** Thrown when a build command failed: says which, and the log's last lines and path. */
export class StepFailed extends Error {
  readonly log: string;
  constructor(command: string, status: string, log: string, tail: string) {
    super(`${command}\nended with ${status}; last lines of ${log}:\n${tail}`);
    this.log = log;
  }
}

const tailLines = 25;

/** Runs a command to its end; its output goes to the log only. */
export async function run(argv: readonly string[], options: RunOptions): Promise<void> {
  const [command = '', ...args] = argv;
  const fd = openSync(options.log, 'a');
  try {
    writeSync(fd, `\n$ cd ${options.cwd}\n$ ${argv.join(' ')}\n`);
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', fd, fd],
    });
    const status = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`));
    });
    if (status === 'status 0') return;
    const tail = readFileSync(options.log, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-tailLines);
    throw new StepFailed(
      argv.join(' ').slice(0, 300),
      status,
      options.log,
      tail.join('\n'),
    );
  } finally {
    closeSync(fd);
  }
}

/** Runs a command and returns its stdout; for queries, not for build steps. */
export async function capture(
  argv: readonly string[],
  env = process.env,
): Promise<string> {
  const [command = '', ...args] = argv;
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const status = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `status ${code}`));
  });
  if (status === 'status 0') return Buffer.concat(out).toString();
  throw new Error(`${argv.join(' ')}: ${status}\n${Buffer.concat(err).toString()}`);
}
