import { type ChildProcess, spawn } from 'node:child_process';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { PackagerError } from '../errors.ts';

/** A cold start extracts the app: seconds for the largest, more on a busy machine. */
const START_TIMEOUT_MS = 120_000;
const REPLY_TIMEOUT_MS = 120_000;
/** More than the product's own grace. */
const STOP_TIMEOUT_MS = 45_000;
const KEPT_LINES = 30;

export interface ProofServer {
  url: string;
  /** What it and PHP logged that is more than information. */
  complaints(): readonly string[];
  get(path: string): Promise<{ status: number; location: string }>;
  /** SIGTERM; throws PHPACK_E_PROVE when it does not end well. */
  stop(): Promise<void>;
  kill(): void;
}

/** Resolves when the product listens. Throws PHPACK_E_PROVE. */
export async function startServer(
  binary: string,
  dataDir: string,
  signal: AbortSignal,
): Promise<ProofServer> {
  const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir];
  const child = spawn(binary, [...args, '--workers', '2', '--log-format', 'json'], {
    // Nothing of the vendor's machine may be what makes it work.
    env: {},
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const lines: string[] = [];
  const ended = endOf(child);
  const url = await Promise.race([
    listening(child, lines),
    ended.then((how) => fail(`the product exited right after its start (${how})`, lines)),
    rejectAfter(START_TIMEOUT_MS, () =>
      fail('the product did not start to listen', lines),
    ),
  ]).catch((error: unknown) => {
    kill();
    signal.throwIfAborted();
    throw error;
  });
  return {
    url,
    complaints: () =>
      lines
        .map(complaintIn)
        .filter((text) => text !== '')
        .slice(-KEPT_LINES),
    get: (path) => request(url + path, lines, signal),
    kill,
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, STOP_TIMEOUT_MS);
      const how = await ended;
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      if (how !== 'exit status 0')
        fail(`the product did not exit cleanly on SIGTERM (${how})`, lines);
    },
  };
}

export interface FinishedProgram {
  status: number;
  stdout: string;
  stderr: string;
}

export async function runToEnd(
  program: string,
  args: readonly string[],
  options: { env: Record<string, string>; signal: AbortSignal },
): Promise<FinishedProgram> {
  const child = spawn(program, args, {
    env: options.env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: options.signal,
    killSignal: 'SIGKILL',
    timeout: START_TIMEOUT_MS,
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<FinishedProgram>();
  child.on('error', reject);
  child.on('close', (code) => resolve({ status: code ?? -1, ...text }));
  return promise;
}

function endOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.on('error', (error) => resolve(error.message));
  child.on('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  return promise;
}

/** Resolves with the address of the line that says so; gathers all lines. */
function listening(child: ChildProcess, lines: string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > 4 * KEPT_LINES) lines.shift();
      const url = addressIn(line);
      if (url) resolve(url);
    });
  }
  return promise;
}

function addressIn(line: string): string {
  const { msg, url } = parseLine(line);
  return msg === 'listening' && url !== undefined ? url.replace(/\/$/, '') : '';
}

function complaintIn(line: string): string {
  const { level, msg } = parseLine(line);
  if (msg === undefined) return line;
  return level === 'info' || level === 'debug' ? '' : `${level}: ${msg}`;
}

interface LogLine {
  level?: string;
  msg?: string;
  url?: string;
}

/** Empty for what is not JSON: PHP's own words before it knows of the log. */
function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return {};
  }
}

/**
 * Not by fetch: it would follow redirects, keep the connection and hide what was
 * answered.
 */
function request(
  url: string,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<{ status: number; location: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    location: string;
  }>();
  const timeout = AbortSignal.timeout(REPLY_TIMEOUT_MS);
  const options = { agent: false, signal: AbortSignal.any([signal, timeout]) } as const;
  get(url, options, (response) => {
    response.resume();
    response.on('error', reject);
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        location: response.headers.location ?? '',
      }),
    );
  }).on('error', reject);
  return promise.catch((error: unknown) => {
    signal.throwIfAborted();
    return fail(`the front page does not answer: ${String(error)}`, lines);
  });
}

async function rejectAfter(ms: number, act: () => never): Promise<never> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms).unref();
  await promise;
  return act();
}

function fail(seen: string, lines: readonly string[]): never {
  const said = lines.slice(-KEPT_LINES).join('\n  ');
  const whole = said === '' ? seen : `${seen}; it said:\n  ${said}`;
  throw new PackagerError('PHPACK_E_PROVE', whole);
}
