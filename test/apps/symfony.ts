import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { cachedDirectory, fileHash, treeHash } from './cache.ts';
import { composer, installVendor } from './composer.ts';

const example = path.join(import.meta.dirname, '../../examples/symfony');

/** examples/symfony with its vendor directory, as Composer makes it. */
export async function symfonyTree(): Promise<string> {
  const inputs = [await treeHash(example), await fileHash(import.meta.filename)];
  return cachedDirectory('apps', 'symfony', inputs, async (dir) => {
    await fs.cp(example, dir, { recursive: true });
    await removeLeftovers(dir);
    const plain = await composer(dir, []);
    if (plain.status === 0) return;
    // A registry without the single components may still have the whole framework.
    const framework = `${dir}.framework`;
    try {
      await installVendor(dir, await frameworkRepositories(framework)).catch((error) => {
        throw new Error(`${plain.stderr}\nand with symfony/symfony:\n${error}`);
      });
    } finally {
      await fs.rm(framework, { recursive: true, force: true });
    }
  });
}

/** What a developer who tried the example may have left in it. */
async function removeLeftovers(dir: string): Promise<void> {
  for (const name of ['vendor', 'var', 'composer.lock']) {
    await fs.rm(path.join(dir, name), { recursive: true, force: true });
  }
}

/**
 * Path repositories over the parts of symfony/symfony 7.4, installed in a directory of its own:
 * requiring it in the app itself makes FrameworkBundle refuse to run.
 */
async function frameworkRepositories(dir: string): Promise<object[]> {
  await fs.mkdir(dir);
  const project = {
    name: 'phpack/framework',
    require: { php: '>=8.4', 'symfony/symfony': '7.4.*' },
    config: { platform: { php: '8.4.1' }, 'allow-plugins': false },
  };
  await fs.writeFile(path.join(dir, 'composer.json'), JSON.stringify(project));
  await installVendor(dir);
  const root = path.join(dir, 'vendor/symfony/symfony/src/Symfony');
  const repositories: object[] = [];
  for (const parent of ['Component', 'Component/Security', 'Bundle', 'Bridge']) {
    for (const name of await fs.readdir(path.join(root, parent))) {
      const url = path.join(root, parent, name);
      const text = await fs
        .readFile(path.join(url, 'composer.json'), 'utf8')
        .catch(() => '');
      if (!text) continue;
      const { name: packageName } = JSON.parse(text) as { name: string };
      const options = { symlink: false, versions: { [packageName]: '7.4.99' } };
      repositories.push({ type: 'path', url, options });
    }
  }
  return repositories;
}
