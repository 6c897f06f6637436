import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PackagerError } from './errors.ts';

/** How many of the last lines an error shows. */
const SHOWN_LINES = 40;
/** By which static-php-build says that a file is not the pinned one. */
const NOT_PINNED_STATUS = 3;

export interface ToolRun {
  /** What is being made, for the error. */
  label: string;
  /** Of TypeScript to run by this same Node. */
  script: string;
  args?: readonly string[];
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Runs a program of the repository and returns the last line of its output, which is its
 * result; what it says on stderr goes to `onLine`. Throws PHPACK_E_PARTS or
 * PHPACK_E_NOT_PINNED with its last lines.
 */
export async function runScript(run: ToolRun): Promise<string> {
  run.signal.throwIfAborted();
  const child = spawn(process.execPath, [run.script, ...(run.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: run.signal,
    killSignal: 'SIGTERM',
  });
  const tail: string[] = [];
  let result = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.trim() !== '') result = line;
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    tail.push(line);
    if (tail.length > SHOWN_LINES) tail.shift();
    run.onLine(line);
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.on('error', reject);
  child.on('close', (status, signal) => {
    if (status === 0) return resolve(result);
    const seen = `${run.label} cannot be built (${signal ?? `exit status ${status}`})`;
    const code = status === NOT_PINNED_STATUS ? 'PHPACK_E_NOT_PINNED' : 'PHPACK_E_PARTS';
    reject(new PackagerError(code, [seen, ...tail].join('\n  ')));
  });
  return promise;
}
