export type Terminal = NodeJS.WritableStream & { columns?: number };

/** All that a command knows of the world around it; tests pass their own. */
export interface Io {
  /** Results, for people and for programs that read them. */
  stdout(text: string): void;
  /** Progress, warnings and errors. */
  stderr(text: string): void;
  /** Where stderr is a terminal, on which lines may be overwritten; else null. */
  terminal: Terminal | null;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Milliseconds, never going back. */
  now(): number;
  /** Set off by SIGINT and SIGTERM: whoever holds half-written things removes them. */
  signal: AbortSignal;
}

/** The real world. */
export function processIo(signal: AbortSignal): Io {
  // `phpack … | head`: whoever read has seen enough. As for other programs, that is no
  // error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(141);
  });
  return {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    terminal: findTerminal(process.stderr, process.env),
    env: process.env,
    cwd: process.cwd(),
    now: () => performance.now(),
    signal,
  };
}

/**
 * The stream, when it is a terminal on which lines may be overwritten. Not without a width,
 * as terminals of containers and of programs can be: ora would wipe lines without end.
 */
export function findTerminal(
  stream: Terminal & { isTTY?: boolean },
  { CI, TERM }: Io['env'],
): Terminal | null {
  return stream.isTTY && stream.columns && !CI && TERM !== 'dumb' ? stream : null;
}
