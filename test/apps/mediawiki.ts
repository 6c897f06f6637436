import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { fetchDebianPackages, unpackDebianPackages } from './apt.ts';
import { cachedDirectory, fileHash } from './cache.ts';

const suite = 'trixie';
const packages = ['mediawiki', 'mediawiki-classes'];

/** A MediaWiki tree (27,000 files) as its tarball would give it, from Debian's packages. */
export async function mediawikiTree(): Promise<string> {
  const inputs = [suite, packages, await fileHash(import.meta.filename)];
  return cachedDirectory('apps', 'mediawiki', inputs, assemble);
}

async function assemble(dir: string): Promise<void> {
  const root = `${dir}.unpacked`;
  try {
    await fs.mkdir(root);
    await unpackDebianPackages(await fetchDebianPackages(suite, packages), root);
    const source = path.join(root, 'usr/share/mediawiki');
    for (const name of await fs.readdir(source)) {
      const from = path.join(source, name);
      // Links into /etc and /var, which the package's own set-up would fill.
      if (await isAbsoluteLink(from)) continue;
      const to = path.join(dir, name === 'extensions-core' ? 'extensions' : name);
      await fs.rm(to, { recursive: true, force: true });
      await fs.rename(from, to);
    }
    const images = path.join(dir, 'images');
    await fs.rename(path.join(root, 'var/lib/mediawiki/images'), images).catch(() => {});
    await fs.mkdir(images, { recursive: true });
    await fs.mkdir(path.join(dir, 'cache'), { recursive: true });
  } finally {
    await fs.rm(root, { recursive: true, force: true });
  }
}

async function isAbsoluteLink(file: string): Promise<boolean> {
  const to = await fs.readlink(file).catch(() => undefined);
  return to !== undefined && path.isAbsolute(to);
}
