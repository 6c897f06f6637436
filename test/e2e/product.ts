import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { cacheRoot } from '../../static-php-build/cache.ts';
import { cachedDirectory, removeTree, treeHash } from '../apps/cache.ts';
import { type RunResult, run, runAny } from '../apps/run.ts';
import { type ServeOptions, type Server, startServer } from './server.ts';

const repository = path.join(import.meta.dirname, '../..');
const sources = [
  'contract',
  'packager',
  'runtime',
  'native',
  'static-php-build',
  'templates',
];
/** Products run as `nobody`: root could write into a tree that is read-only for everybody else. */
export const user = process.getuid?.() === 0 ? 65534 : undefined;

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
  const lock = await fs.readFile(path.join(repository, 'package-lock.json'), 'utf8');
  const dir = await cachedDirectory(
    'products',
    name,
    [tree, ...hashes, lock],
    async (into) => {
      await dropOlder(name);
      await buildProduct(tree, path.join(into, name));
    },
  );
  return path.join(dir, name);
}

/** `phpack build TREE -o FILE`, the real command, as a vendor runs it; its report. */
export async function buildProduct(
  tree: string,
  file: string,
  flags: readonly string[] = [],
): Promise<string> {
  const args = ['packager/cli.ts', 'build', tree, '-o', file, ...flags];
  return run(process.execPath, args, { cwd: repository });
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

/** The small app of test/e2e/NAME, at a path that carries its hash. */
export function ownTree(name: string): Promise<string> {
  return copiedTree(name, path.join(import.meta.dirname, name));
}

/** The example that needs no vendor directory: examples/NAME, likewise. */
export function exampleTree(name: string): Promise<string> {
  return copiedTree(name, path.join(repository, 'examples', name));
}

async function copiedTree(name: string, source: string): Promise<string> {
  return cachedDirectory('apps', name, await treeHash(source), (dir) =>
    fs.cp(source, dir, { recursive: true, verbatimSymlinks: true }),
  );
}

/** A product on a customer's machine: the file, its data and who runs it. */
export interface Deployment extends AsyncDisposable {
  /** Directory of its own, with the binary; gone after disposal. */
  directory: string;
  binary: string;
  dataDir: string;
  /** As startServer, stopped at disposal. */
  serve(options?: Partial<ServeOptions>): Promise<Server>;
  /** `BINARY php-cli ARGS…` in a clean environment. */
  phpCli(args: readonly string[], options?: CliOptions): Promise<RunResult>;
  /** `BINARY ARGS…`, as above. */
  command(args: readonly string[], options?: CliOptions): Promise<RunResult>;
  /** Starts `program` as the product's user and with its data dir, all streams piped. */
  spawn(program: string, args: readonly string[]): ChildProcess;
}

export interface CliOptions {
  input?: string;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  timeoutMs?: number;
}

/** Puts a built product into a new directory, together with a data dir. */
export async function deploy(product: string): Promise<Deployment> {
  const directory = await fs.mkdtemp(path.join(tmpdir(), 'phpack-e2e-'));
  await fs.chmod(directory, 0o755);
  if (user) await fs.chown(directory, user, user);
  const binary = path.join(directory, path.basename(product));
  await linkOrCopy(product, binary);
  const dataDir = path.join(directory, 'data');
  const servers: Server[] = [];

  const own = { PHPACK_DATA_DIR: dataDir };
  const command = (args: readonly string[], options: CliOptions = {}) =>
    runAny(binary, args, {
      env: { ...own, ...options.env },
      cwd: options.cwd ?? '/',
      input: options.input ?? '',
      user,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    });
  return {
    directory,
    binary,
    dataDir,
    async serve(options = {}) {
      const server = await startServer(binary, { dataDir, user, ...options });
      servers.push(server);
      return server;
    },
    phpCli: (args, options) => command(['php-cli', ...args], options),
    command,
    spawn: (program, args) =>
      spawn(program, args, {
        env: own,
        cwd: '/',
        stdio: 'pipe',
        ...(user === undefined ? {} : { uid: user, gid: user }),
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server.stop()));
      await removeTree(directory);
    },
  };
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await fs
    .link(from, to)
    .catch(() => fs.copyFile(from, to, constants.COPYFILE_FICLONE))
    .catch((error) => {
      throw new Error(`cannot put ${from} into place`, { cause: error });
    });
}
