import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { home } from '../base/home.ts';
import { ownVersion } from '../base/version.ts';
import type { Io } from '../io.ts';
import { locateParts } from '../parts.ts';
import { readProject } from '../project/project.ts';
import { assertRequirements } from '../project/requirements.ts';
import { defaultTarget, findTarget } from '../targets.ts';
import { Progress } from '../ui/progress.ts';
import { tellSubstitutes } from '../ui/report.ts';

export interface ServeOptions {
  directory: string;
  /** Flags of the product's own `serve`. */
  flags: readonly string[];
  config?: string | undefined;
  template?: string | undefined;
  docroot?: string | undefined;
  listen?: string | undefined;
  allowSubstitutes?: boolean | undefined;
}

/**
 * `phpack serve DIR`: the product's server on the unpacked directory. Returns its exit
 * status.
 */
export async function serve(options: ServeOptions, io: Io): Promise<number> {
  const { root, config, composer } = readProject({
    directory: options.directory,
    cwd: io.cwd,
    configFile: options.config,
    template: options.template,
    documentRoot: options.docroot,
  });
  const progress = new Progress(io);
  const parts = await progress.step('PHP and server', (tell) => {
    const onLine = io.terminal ? tell : (line: string) => progress.line(`  ${line}`);
    const { allowSubstitutes = false } = options;
    const target = findTarget(defaultTarget);
    const { signal } = io;
    return locateParts({ target, allowSubstitutes, isLocked: false, onLine, signal });
  });
  tellSubstitutes(progress, parts.facts.substitutes);
  assertRequirements(parts.facts, composer, config.php.extensions);
  // Private: the configuration may name passwords.
  const scratch = mkdtempSync(join(tmpdir(), 'phpack-serve-'));
  try {
    const file = join(scratch, 'product.json');
    const { php, channel } = parts;
    const product = { name: config.name, app: root, php, channel, config };
    const text = JSON.stringify({ ...product, phpackVersion: ownVersion() });
    writeFileSync(file, text, { mode: 0o600 });
    const listen = options.listen === undefined ? [] : ['--listen', options.listen];
    const main = join(home, 'runtime/main.ts');
    // Whoever develops does not want to wait for the last request.
    const flags = [...listen, '--drain-timeout', '2s', ...options.flags];
    const words = [main, '--development', file, 'serve', ...flags];
    return await runServer(words, io);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function runServer(words: readonly string[], io: Io): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // In a process group of its own: Ctrl-C reaches it once, through us, not twice.
  const child = spawn(process.execPath, words, {
    stdio: 'inherit',
    detached: true,
    env: io.env,
    cwd: io.cwd,
  });
  const stop = (): void => void child.kill('SIGTERM');
  io.signal.addEventListener('abort', stop);
  child.on('error', reject);
  child.on('close', (status, signal) => {
    io.signal.removeEventListener('abort', stop);
    resolve(signal === null ? (status ?? 1) : 1);
  });
  return promise;
}
