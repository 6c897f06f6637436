import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { fetchDebianPackages, unpackDebianPackages } from './apt.ts';
import { cachedDirectory, fileHash, treeHash } from './cache.ts';
import { composer, installVendor } from './composer.ts';

const example = path.join(import.meta.dirname, '../../examples/laravel');

/** Packages that a registry may lack, and where Debian has the same code. */
const fromDebian = [
  {
    name: 'fruitcake/php-cors',
    version: '1.3.0',
    package: 'php-fruitcake-php-cors',
    directory: 'usr/share/php/Fruitcake/Cors',
    namespace: 'Fruitcake\\Cors\\',
  },
  {
    name: 'symfony/clock',
    version: '7.2.0',
    package: 'php-symfony-clock',
    directory: 'usr/share/php/Symfony/Component/Clock',
    namespace: 'Symfony\\Component\\Clock\\',
  },
];

/** examples/laravel with its vendor directory, as Composer makes it. */
export async function laravelTree(): Promise<string> {
  const inputs = [await treeHash(example), await fileHash(import.meta.filename)];
  return cachedDirectory('apps', 'laravel', inputs, async (dir) => {
    await fs.cp(example, dir, { recursive: true, verbatimSymlinks: true });
    await fs.rm(path.join(dir, 'vendor'), { recursive: true, force: true });
    const plain = await composer(dir, []);
    if (plain.status === 0) return;
    const debian = `${dir}.debian`;
    try {
      await installVendor(dir, await debianRepositories(debian)).catch((error) => {
        throw new Error(`${plain.stderr}\nand with Debian's packages:\n${error}`);
      });
    } finally {
      await fs.rm(debian, { recursive: true, force: true });
    }
  });
}

async function debianRepositories(root: string): Promise<object[]> {
  await fs.mkdir(root);
  const names = fromDebian.map((one) => one.package);
  await unpackDebianPackages(await fetchDebianPackages('trixie', names), root);
  const repositories: object[] = [];
  for (const { name, version, directory, namespace } of fromDebian) {
    const url = path.join(root, directory);
    // Debian's own autoloader would name classes a second time.
    await fs.rm(path.join(url, 'autoload.php'), { force: true });
    const autoload = { 'psr-4': { [namespace]: '' } };
    const text = JSON.stringify({ name, version, autoload });
    await fs.writeFile(path.join(url, 'composer.json'), text);
    repositories.push({ type: 'path', url, options: { symlink: false } });
  }
  return repositories;
}
