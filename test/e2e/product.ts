import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheRoot, cachedDirectory, removeTree, treeHash } from '../apps/cache.ts';
import { type RunResult, run, runAny } from '../apps/run.ts';

const repository = path.join(import.meta.dirname, '../..');
const sources = ['packager', 'runtime', 'native', 'static-php-build', 'templates'];

/**
 * `phpack build` of a tree, once for the same tree and the same sources of ours.
 * `tree` must not change under its name (a directory of test/apps carries its hash).
 * `PHPACK_TEST_PRODUCTS=DIR` takes DIR/<name> instead, to test binaries built elsewhere.
 */
export async function builtProduct(name: string, tree: string): Promise<string> {
  const ready = process.env['PHPACK_TEST_PRODUCTS'];
  if (ready) return path.join(ready, name);
  const hashes = await Promise.all(
    sources.map((dir) => treeHash(path.join(repository, dir))),
  );
  const inputs = [
    tree,
    ...hashes,
    await fs.readFile(`${repository}/package-lock.json`, 'utf8'),
  ];
  const dir = await cachedDirectory('products', name, inputs, async (into) => {
    await dropOlder(name);
    await buildProduct(tree, path.join(into, name));
  });
  return path.join(dir, name);
}

/** `phpack build TREE -o FILE`, the real command, as a vendor runs it. */
export async function buildProduct(tree: string, file: string): Promise<string> {
  return run(process.execPath, ['packager/cli.ts', 'build', tree, '-o', file], {
    cwd: repository,
  });
}

/** Products are large, and only the newest one of a name is used again. */
async function dropOlder(name: string): Promise<void> {
  const parent = path.join(cacheRoot(), 'products');
  for (const entry of await fs.readdir(parent)) {
    const isOurs =
      entry.startsWith(`${name}-`) && /^[0-9a-f]{16}$/.test(entry.slice(-16));
    if (isOurs && entry.length === name.length + 17)
      await removeTree(path.join(parent, entry));
  }
}

/** A new directory below the temporary one, and its removal. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const dir = await fs.mkdtemp(path.join(tmpdir(), 'phpack-e2e-'));
  return { path: dir, [Symbol.asyncDispose]: () => removeTree(dir) };
}

export interface Server {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  port: number;
  process: ChildProcess;
  /** Everything the server wrote so far. */
  log(): string;
  /** SIGTERM, then waits; returns the exit status. */
  stop(): Promise<number>;
}

export interface ServeOptions {
  dataDir: string;
  args?: readonly string[];
  /** The whole environment: nothing of the test's own goes in. */
  env?: Record<string, string>;
  /** Starts through another program (a chroot), which gets the binary's path and arguments. */
  through?: (binary: string, args: string[]) => [program: string, args: string[]];
}

/** Starts the binary as a server in a clean environment and waits until it accepts. */
export async function startServer(
  binary: string,
  options: ServeOptions,
): Promise<Server> {
  const port = await freePort();
  const args = [
    '--listen',
    `127.0.0.1:${port}`,
    '--data-dir',
    options.dataDir,
    ...(options.args ?? []),
  ];
  const [program, words] = options.through?.(binary, args) ?? [binary, args];
  const child = spawn(program, words, {
    env: options.env ?? {},
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      text += `${error}\n`;
      resolve(-1);
    });
    child.on('close', (code) => resolve(code ?? -1));
  });
  let status: number | undefined;
  void ended.then((code) => (status = code));
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await accepts(url))) {
    if (status !== undefined) throw new Error(`${binary} ended with ${status}:\n${text}`);
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${binary} did not listen within a minute:\n${text}`);
    }
    await sleep(50);
  }
  return {
    url,
    port,
    process: child,
    log: () => text,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** `BINARY php-cli ARGS…` in a clean environment. */
export function phpCli(
  binary: string,
  args: readonly string[],
  options: {
    dataDir: string;
    input?: string;
    env?: Record<string, string>;
    cwd?: string;
  },
): Promise<RunResult> {
  return runAny(binary, ['php-cli', ...args], {
    env: { PHPACK_DATA_DIR: options.dataDir, ...options.env },
    cwd: options.cwd ?? '/',
    input: options.input ?? '',
  });
}

async function accepts(url: string): Promise<boolean> {
  // Any answer will do: an application that is not installed yet may redirect or fail.
  return fetch(url, { redirect: 'manual', method: 'HEAD' }).then(
    () => true,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address ? address.port : 0),
      );
    });
  });
}
