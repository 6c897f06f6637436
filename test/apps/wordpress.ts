import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { fetchDebianPackages, unpackDebianPackages } from './apt.ts';
import { cachedDirectory, fileHash, treeHash } from './cache.ts';
import { unpackNpmPackage } from './npm.ts';
import { run } from './run.ts';

const suite = 'trixie';
const packages = [
  'wordpress',
  'wordpress-theme-twentytwentyfive',
  'libjs-cropper',
  'libjs-lodash',
  'libjs-underscore',
  'php-getid3',
];
/** Carries the official SQLite Database Integration plugin 3.0.2 as a zip. */
const playground = '@wp-playground/cli@3.1.56';
const playgroundIntegrity =
  'sha512-JTxl6djPEM2YRYz/w+BUoyoCvhSGHIjqMi4fMV1b8o1UPNvZatLaS7opo57UsrVElXrfdZwvi6IuyS4LswUx9Q==';
const ownFiles = path.join(import.meta.dirname, 'wordpress');

/**
 * A WordPress tree as a user would have it on disk, from Debian's packages, with the SQLite
 * drop-in. `DB_ENGINE=mysql` and DB_* in the environment make it use MariaDB instead.
 */
export async function wordpressTree(): Promise<string> {
  const inputs = [
    suite,
    packages,
    playground,
    await treeHash(ownFiles),
    await fileHash(import.meta.filename),
  ];
  return cachedDirectory('apps', 'wordpress', inputs, assemble);
}

async function assemble(dir: string): Promise<void> {
  const root = `${dir}.unpacked`;
  try {
    await fs.mkdir(root);
    await unpackDebianPackages(await fetchDebianPackages(suite, packages), root);
    const source = path.join(root, 'usr/share/wordpress');
    await fs.rm(path.join(source, '.htaccess'));
    await copyFollowingLinks(source, dir, root);
    await addSqlite(dir, root);
  } finally {
    await fs.rm(root, { recursive: true, force: true });
  }
  await fs.cp(ownFiles, dir, { recursive: true });
  await fs.mkdir(path.join(dir, 'wp-content/uploads'), { recursive: true });
}

/**
 * Debian links libraries that WordPress shares with other packages, absolutely or not: what
 * lies in the unpacked packages is copied, and the host's certificates are.
 */
async function copyFollowingLinks(from: string, to: string, root: string): Promise<void> {
  await fs.mkdir(to, { recursive: true });
  for (const entry of await fs.readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    const real = entry.isSymbolicLink() ? await resolveInside(source, root) : source;
    const stat = await fs.stat(real).catch(() => undefined);
    if (stat?.isDirectory()) await copyFollowingLinks(real, target, root);
    else if (stat?.isFile()) await fs.copyFile(real, target);
  }
}

async function resolveInside(link: string, root: string): Promise<string> {
  const to = await fs.readlink(link);
  if (!path.isAbsolute(to)) return path.resolve(path.dirname(link), to);
  const inside = path.join(root, to);
  return fs.access(inside).then(
    () => inside,
    () => to,
  );
}

async function addSqlite(dir: string, root: string): Promise<void> {
  const npm = path.join(root, 'npm');
  await fs.mkdir(npm);
  await unpackNpmPackage(playground, playgroundIntegrity, npm);
  await run('unzip', [
    '-q',
    path.join(npm, 'sqlite-database-integration.zip'),
    '-d',
    npm,
  ]);
  const plugin = path.join(dir, 'wp-content/plugins/sqlite-database-integration');
  await fs.cp(path.join(npm, 'plugin-sqlite-database-integration'), plugin, {
    recursive: true,
  });
  const dropIn = await fs.readFile(path.join(plugin, 'db.copy'), 'utf8');
  const entry = 'sqlite-database-integration/load.php';
  await fs.writeFile(
    path.join(dir, 'wp-content/db.php'),
    dropIn.replaceAll('{SQLITE_PLUGIN}', entry),
  );
}
