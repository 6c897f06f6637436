import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { cacheRoot } from '../../static-php-build/cache.ts';
import { run } from './run.ts';

/** Downloads one npm package and unpacks it to `into`; `integrity` is npm's own sha512 string. */
export async function unpackNpmPackage(spec: string, integrity: string, into: string) {
  const store = path.join(cacheRoot(), 'downloads');
  await fs.mkdir(store, { recursive: true });
  const file = path.join(store, `npm-${spec.replaceAll(/[@/]+/g, '-')}.tgz`);
  if ((await integrityOf(file)) !== integrity) {
    const temporary = await fs.mkdtemp(path.join(store, 'npm-'));
    const packed = await run('npm', [
      'pack',
      '--silent',
      '--pack-destination',
      temporary,
      spec,
    ]);
    const name = packed.trim().split('\n').at(-1) ?? '';
    await fs.rename(path.join(temporary, name), file);
    await fs.rm(temporary, { recursive: true });
  }
  const seen = await integrityOf(file);
  if (seen !== integrity)
    throw new Error(`${spec}: integrity ${seen}, pinned ${integrity}`);
  await run('tar', ['-xzf', file, '-C', into, '--strip-components=1']);
}

async function integrityOf(file: string): Promise<string | undefined> {
  const bytes = await fs.readFile(file).catch(() => undefined);
  if (!bytes) return undefined;
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}
