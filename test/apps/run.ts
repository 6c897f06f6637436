import { spawn } from 'node:child_process';

export interface RunOptions {
  cwd?: string;
  /** The whole environment; default: the caller's. */
  env?: Record<string, string | undefined>;
  /** Written to standard input, which is then closed. */
  input?: string | Buffer;
  /** Killed after this time; default 15 minutes. */
  timeoutMs?: number;
  /** User and group to run as. Default: the caller's. */
  user?: number | undefined;
}

export interface RunResult {
  /** Exit status; 128 + signal number is not used: a signal gives -1. */
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end and returns what it printed, whatever its exit status. */
export function runAny(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { cwd, env = process.env, input, timeoutMs = 15 * 60_000, user } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: 'pipe',
      timeout: timeoutMs,
      ...(user === undefined ? {} : { uid: user, gid: user }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that does not read its input closes the pipe: its status tells the rest.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        status: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
  });
}

/** As runAny, but throws with the program's own words when it fails; returns stdout. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await runAny(program, args, options);
  if (status === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().slice(-4000);
  throw new Error(`${program} ${args.join(' ')}: exit status ${status}\n${said}`);
}
