import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { NativeAddon } from '../native.ts';
import type { Channel } from './channel.ts';
import { throughPhp } from './exec.ts';
import { openReader, readLines } from './log.ts';

export interface ZygoteListener {
  /** A line the process wrote to stdout or stderr. */
  onLine(line: string, pid: number): void;
  /** Once: it ended, or could not be started. All its workers are dead. */
  onExit(reason: string): void;
}

export interface ZygoteOptions {
  phpBinary: string;
  env: Readonly<Record<string, string>>;
  cwd?: string;
  prepare?(): void;
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
  readonly #output: readonly Socket[];

  constructor(
    addon: NativeAddon,
    options: ZygoteOptions,
    channel: Channel,
    listener: ZygoteListener,
  ) {
    this.#channel = channel;
    const [out, outWriter] = addon.createPipe();
    const [err, errWriter] = addon.createPipe();
    this.#output = [openReader(out), openReader(err)];
    const { file, args, env } = throughPhp(options.phpBinary, {
      file: options.phpBinary,
      args: ['phpack-zygote'],
      env: options.env,
    });
    try {
      this.#child = spawn(file, args.slice(1), {
        argv0: args[0],
        env,
        cwd: options.cwd,
        detached: true,
        stdio: ['ignore', outWriter, errWriter, ...channel.native.descriptors],
      });
    } finally {
      // Also when spawn throws, which ends the readers as well.
      closeSync(outWriter);
      closeSync(errWriter);
    }
    channel.native.closeChildEnds();
    const pid = this.#child.pid ?? 0;
    for (const socket of this.#output) {
      readLines(socket, (line) => listener.onLine(line, pid));
    }
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

  /**
   * Resolves when its output has been read to the end, `withinMs` later at most: a daemon
   * that a script has started may keep it open.
   */
  async outputEnd(withinMs: number): Promise<void> {
    const open = this.#output.filter((socket) => !socket.destroyed);
    const timer = setTimeout(() => open.forEach((socket) => socket.destroy()), withinMs);
    await Promise.all(open.map((socket) => once(socket, 'close')));
    clearTimeout(timer);
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
