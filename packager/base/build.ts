/**
 * The base: Node, stripped, with our runtime inside (a "single executable application").
 * It is the same for every app; `phpack build` only appends to it.
 *
 * `node packager/base/build.ts [--target NAME]` prints the path of the result as its
 * last line.
 */
import { execFile } from 'node:child_process';
import { chmodSync, constants, copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../../static-php-build/cache.ts';
import { cachedFile, cacheKey } from '../cache.ts';
import { errnoOf, PackagerError } from '../errors.ts';
import { defaultTarget, findTarget, type NodePin, type Target } from '../targets.ts';
import { bundleRuntime } from './bundle.ts';
import { home } from './home.ts';
import { locateNode, packageVersions } from './node.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/**
 * `execArgvExtension: none`: a customer's NODE_OPTIONS can neither break nor hijack the
 * product. `--disable-sigusr1`: SIGUSR1 would open the debugger's port to every user of
 * the machine.
 */
const seaSettings = {
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: true,
  execArgv: ['--disable-sigusr1'],
  execArgvExtension: 'none',
};

/** Fixed by Node: the bytes that tell an injected executable from a plain one. */
const seaFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** One more whenever the steps below change, as the key cannot see that. */
const recipe = 'base 2';

/**
 * Path of the base executable, made when the cache has none of the same inputs. `entry`
 * is the runtime's own, except in tests. Throws PHPACK_E_TOOL, PHPACK_E_NOT_PINNED and
 * PHPACK_E_PARTS.
 */
export async function buildBase(
  target: Target = findTarget(defaultTarget),
  entry: string = join(home, 'runtime/main.ts'),
): Promise<string> {
  const node = await locateNode(target.node);
  // Bundling takes 0.1 s, and its bytes say exactly whether anything has changed.
  const bundle = await bundleRuntime(entry);
  const key = cacheKey([
    recipe,
    target.name,
    target.node.sha256,
    packageVersions(['postject']),
    JSON.stringify(seaSettings),
    bundle,
  ]);
  const file = join(cacheRoot(), 'base', key, 'base');
  const { path } = await cachedFile(file, async (scratch) => {
    const stripped = await stripNode(node, target.node);
    const dir = dirname(scratch);
    await generateBlob(node, bundle, dir);
    await injectBlob(stripped, dir, scratch);
  });
  return path;
}

/** Before injection: stripping afterwards breaks the executable. */
async function stripNode(executable: string, pin: NodePin): Promise<string> {
  const file = join(cacheRoot(), 'base', `node-${pin.sha256}-stripped`);
  const { path } = await cachedFile(file, async (scratch) => {
    await runTool('strip', ['--strip-all', '-o', scratch, executable]);
  });
  return path;
}

/** With the same Node that will run it: a code cache of another build is refused. */
async function generateBlob(
  node: string,
  bundle: Uint8Array,
  dir: string,
): Promise<void> {
  // Relative names: the script's ends up in the blob, and must not tell where we built.
  const settings = { ...seaSettings, main: 'phpack.cjs', output: 'sea.blob' };
  writeFileSync(join(dir, 'phpack.cjs'), bundle);
  writeFileSync(join(dir, 'sea.json'), JSON.stringify(settings));
  await runTool(node, ['--experimental-sea-config', 'sea.json'], dir);
}

/**
 * In a process of its own: it takes 2 GB for a moment and warns about harmless things.
 */
async function injectBlob(stripped: string, dir: string, scratch: string): Promise<void> {
  copyFileSync(stripped, scratch, constants.COPYFILE_FICLONE);
  chmodSync(scratch, 0o755);
  const postject = require.resolve('postject/dist/cli.js');
  const blob = join(dir, 'sea.blob');
  const args = [postject, scratch, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', seaFuse];
  await runTool(process.execPath, args);
}

async function runTool(
  command: string,
  args: readonly string[],
  cwd = process.cwd(),
): Promise<void> {
  try {
    // Nothing of the developer's environment may end up in the result.
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
    await run(command, args, { cwd, env });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      const seen = `the program ${command} is not installed`;
      throw new PackagerError('PHPACK_E_TOOL', seen, { cause: error });
    }
    const { stderr = '' } = error as { stderr?: string };
    const seen = `${command} failed: ${stderr.trim() || String(error)}`;
    throw new PackagerError('PHPACK_E_PARTS', seen, { cause: error });
  }
}

if (import.meta.main) {
  const name = process.argv[2] === '--target' ? process.argv[3] : undefined;
  console.log(await buildBase(findTarget(name ?? defaultTarget)));
}
