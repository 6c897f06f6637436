import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { Log } from '../log.ts';

/**
 * SIGTERM and SIGINT: the first asks the server to stop, a second one ends the process at
 * once with the shell's status for it; PHP's processes die with this one. SIGHUP stops a
 * server in the foreground of a terminal, and is ignored otherwise: logs go to standard
 * error, so there is nothing to reopen.
 */
export class StopSignals {
  /** Resolves at the first signal. */
  readonly first: Promise<NodeJS.Signals>;
  readonly #abort = new AbortController();
  readonly #log: Log;
  #stop: (signal: NodeJS.Signals) => void;
  #isStopping = false;

  constructor(log: Log) {
    this.#log = log;
    const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
    this.first = promise;
    this.#stop = resolve;
    process.on('SIGTERM', (signal) => this.#onSignal(signal));
    process.on('SIGINT', (signal) => this.#onSignal(signal));
    process.on('SIGHUP', (signal) => {
      if (isatty(0)) this.#onSignal(signal);
      else log.write('info', 'SIGHUP ignored: there is nothing to reload');
    });
  }

  /** Aborted by the first signal. */
  get abort(): AbortSignal {
    return this.#abort.signal;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  #onSignal(signal: NodeJS.Signals): void {
    if (this.#isStopping) {
      this.#log.write('warning', 'stopped at once', { signal });
      this.#log.end();
      process.exit(128 + constants.signals[signal]);
    }
    this.#isStopping = true;
    this.#stop(signal);
    this.#abort.abort();
  }
}
