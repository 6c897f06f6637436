import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** One line of the server's log. */
export interface LogEntry {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface Server {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  port: number;
  process: ChildProcess;
  /** Everything the server wrote so far. */
  log(): string;
  /** The same as log(), parsed; lines that are no JSON are left out. */
  entries(): LogEntry[];
  /** The first entry `isWanted` accepts, as soon as it is there; fails after two minutes. */
  logged(isWanted: (entry: LogEntry) => boolean): Promise<LogEntry>;
  /** Sends the signal (SIGTERM) and waits for the end; returns the exit status, -1 for a signal. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

export interface ServeOptions {
  dataDir: string;
  args?: readonly string[];
  /** The whole environment: nothing of the test's own goes in. */
  env?: Readonly<Record<string, string>>;
  /** User and group to run as. Default: the test's own. */
  user?: number | undefined;
  /** Starts through another program (a chroot), which gets the binary's path and arguments. */
  through?: (binary: string, args: string[]) => [program: string, args: string[]];
}

/** The server ended before it was ready. */
export class ServerEnded extends Error {
  readonly status: number;
  readonly log: string;

  constructor(binary: string, status: number, log: string) {
    super(`${binary} ended with ${status}:\n${log}`);
    this.status = status;
    this.log = log;
  }
}

/** Starts the binary as a server in a clean environment and waits until it says it listens. */
export async function startServer(
  binary: string,
  options: ServeOptions,
): Promise<Server> {
  const { dataDir, args = [], env = {}, user, through } = options;
  const all = ['--listen', '127.0.0.1:0', '--data-dir', dataDir, ...args];
  const [program, words] = through?.(binary, all) ?? [binary, all];
  const child = spawn(program, words, {
    env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  let status: number | undefined;
  const ended = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      text += `${error}\n`;
      resolve((status = -1));
    });
    child.on('close', (code) => resolve((status = code ?? -1)));
  });
  const entries = () => text.split('\n').flatMap(parseEntry);
  const logged = async (isWanted: (entry: LogEntry) => boolean) => {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const entry = entries().find(isWanted);
      if (entry) return entry;
      if (status !== undefined) throw new ServerEnded(binary, status, text);
      if (Date.now() > deadline) throw new Error(`not in ${binary}'s log:\n${text}`);
      await sleep(20);
    }
  };
  const ready = await logged((entry) => entry.msg === 'listening').catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  const url = String(ready['url']);
  return {
    url,
    port: Number(new URL(url).port),
    process: child,
    log: () => text,
    entries,
    logged,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

function parseEntry(line: string): LogEntry[] {
  if (!line.startsWith('{')) return [];
  try {
    return [JSON.parse(line) as LogEntry];
  } catch {
    // Cut off: the rest of the line is still under way.
    return [];
  }
}
