import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { Log } from '../log.ts';

/**
 * Resolves at the first SIGTERM or SIGINT. From then on a second one ends the process at once,
 * with the shell's status for it; PHP's processes die with this one. SIGHUP stops a server
 * in the foreground of a terminal, and is ignored otherwise: logs go to standard error, so
 * there is nothing to reopen.
 */
export function stopRequested(log: Log): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      log.write('warning', 'stopped at once', { signal });
      log.flush();
      process.exit(128 + constants.signals[signal]);
    }
    isStopping = true;
    resolve(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', (signal) => {
    if (isatty(0)) onSignal(signal);
    else log.write('info', 'SIGHUP ignored: there is nothing to reload');
  });
  return promise;
}
