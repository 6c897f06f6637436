import { isatty } from 'node:tty';

/** All that a command knows of the world around it; tests pass their own. */
export interface Io {
  /** Results, for people and for programs that read them. */
  stdout(text: string): void;
  /** Progress, warnings and errors. */
  stderr(text: string): void;
  /** Whether lines on stderr may be overwritten. */
  isTerminal: boolean;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Milliseconds, never going back. */
  now(): number;
  /** Set off by SIGINT and SIGTERM: whoever holds half-written things removes them. */
  signal: AbortSignal;
}

/** The real world. */
export function processIo(signal: AbortSignal): Io {
  const { CI, TERM } = process.env;
  // `phpack … | head`: whoever read has seen enough. As for other programs, that is no
  // error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(141);
  });
  return {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    isTerminal: isatty(2) && !CI && TERM !== 'dumb',
    env: process.env,
    cwd: process.cwd(),
    now: () => performance.now(),
    signal,
  };
}
