import { type ChildProcess, spawn } from 'node:child_process';
import type { Channel } from './channel.ts';
import { readLines } from './log.ts';

export interface ZygoteListener {
  /** A line the process wrote to stdout or stderr. */
  onLine(line: string, pid: number): void;
  /** Once: it ended, or could not be started. All its workers are dead. */
  onExit(reason: string): void;
}

/** How long a zygote and its workers may take to leave by themselves. */
const STOP_GRACE_MS = 2000;

/**
 * The zygote's process. In a session of its own: Ctrl-C in the front's terminal does not reach
 * it, and its process group can be killed as a whole (PROTOCOL.md "Starting, stopping").
 */
export class Zygote {
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  readonly #exited: Promise<void>;
  /** Resolves when its output has been read to the end, or cannot be any more. */
  readonly closed: Promise<void>;

  constructor(
    phpBinary: string,
    env: Readonly<Record<string, string>>,
    channel: Channel,
    listener: ZygoteListener,
  ) {
    this.#channel = channel;
    this.#child = spawn(phpBinary, [], {
      argv0: 'phpack-zygote',
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...channel.native.descriptors],
    });
    channel.native.closeChildEnds();
    const pid = this.#child.pid ?? 0;
    readLines(this.#child.stdout!, (line) => listener.onLine(line, pid));
    readLines(this.#child.stderr!, (line) => listener.onLine(line, pid));
    this.closed = new Promise((resolve) => this.#child.once('close', () => resolve()));
    this.#exited = new Promise((resolve) => {
      const onEnd = (reason: string): void => {
        // Its workers die by PDEATHSIG; programs that scripts started must go as well.
        this.#killGroup();
        listener.onExit(reason);
        resolve();
      };
      this.#child.once('error', (error) => {
        if (this.#child.pid === undefined) onEnd(error.message);
      });
      this.#child.once('exit', (status, signal) =>
        onEnd(signal ? `killed by ${signal}` : `exit status ${status}`),
      );
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Lets idle workers leave; kills whoever is still there after the grace. */
  async stop(): Promise<void> {
    this.#channel.stop();
    const timer = setTimeout(() => this.#killGroup(), STOP_GRACE_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends zygote and workers at once. */
  async kill(): Promise<void> {
    this.#killGroup();
    await this.#exited;
  }

  #killGroup(): void {
    if (!this.#child.pid) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // ESRCH: all are gone already.
    }
  }
}
