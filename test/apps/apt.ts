import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { cacheRoot } from '../../static-php-build/cache.ts';
import { fileHash } from './cache.ts';
import { run } from './run.ts';

export interface DebianFile {
  name: string;
  sha256: string;
  /** Where the verified bytes are. */
  file: string;
}

/**
 * Base address of the Debian archive that this machine uses, from apt's own configuration, so
 * that a mirror or proxy set up there is used here too.
 */
export async function debianMirror(): Promise<string> {
  const format = '$(SITE) $(RELEASE) $(COMPONENT)';
  const targets = await run('apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ]);
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(
    await fs.readFile('/etc/os-release', 'utf8'),
  )?.[1];
  for (const line of targets.split('\n')) {
    const [site, release, component] = line.split(' ');
    if (site && component === 'main' && release === codename) return site;
  }
  throw new Error(`apt has no source for Debian ${codename} main; add one to /etc/apt`);
}

/**
 * Downloads packages of another Debian suite without touching the machine's package lists, and
 * returns the .deb files, checked against the hashes of the suite's signed index.
 */
export async function fetchDebianPackages(
  suite: string,
  packages: readonly string[],
): Promise<DebianFile[]> {
  const options = await aptOptions(suite);
  try {
    return await download(options, packages);
  } catch {
    // The archive dropped a version that our index still names.
    await run('apt-get', [...options, 'update']);
    return await download(options, packages);
  }
}

/** Unpacks the files one over the other, as dpkg would, without running their scripts. */
export async function unpackDebianPackages(files: readonly DebianFile[], into: string) {
  for (const { file } of files) await run('dpkg-deb', ['-x', file, into]);
}

async function aptOptions(suite: string): Promise<string[]> {
  const root = path.join(cacheRoot(), 'apt', suite);
  await fs.mkdir(path.join(root, 'lists', 'partial'), { recursive: true });
  await fs.mkdir(path.join(root, 'cache', 'archives', 'partial'), { recursive: true });
  const list = path.join(root, 'main.sources');
  const source = [
    'Types: deb',
    `URIs: ${await debianMirror()}`,
    `Suites: ${suite}`,
    'Components: main',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
  ];
  await fs.writeFile(list, `${source.join('\n')}\n`);
  const options = [
    ['Dir::Etc::sourcelist', list],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::State::lists', path.join(root, 'lists')],
    ['Dir::Cache', path.join(root, 'cache')],
    // Our directories belong to the caller; apt's own _apt user cannot write there.
    ['APT::Sandbox::User', 'root'],
    ['Acquire::IndexTargets::deb::DEP-11::DefaultEnabled', 'false'],
    ['Acquire::Retries', '3'],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const lists = await fs.readdir(path.join(root, 'lists'));
  if (!lists.some((name) => name.includes('_Packages'))) {
    await run('apt-get', [...options, 'update']);
  }
  return options;
}

async function download(
  options: string[],
  packages: readonly string[],
): Promise<DebianFile[]> {
  const printed = await run('apt-get', [
    ...options,
    '--print-uris',
    'download',
    ...packages,
  ]);
  const found = [...printed.matchAll(/^'\S+' (\S+) \d+ SHA256:([0-9a-f]{64})$/gm)];
  if (found.length !== packages.length) {
    throw new Error(`expected ${packages.join(' ')} in the index, got:\n${printed}`);
  }
  const store = path.join(cacheRoot(), 'downloads');
  await fs.mkdir(store, { recursive: true });
  const files: DebianFile[] = [];
  for (const [, name = '', sha256 = ''] of found) {
    const file = path.join(
      store,
      `${sha256.slice(0, 16)}-${name.replaceAll('%3a', '_')}`,
    );
    files.push({ name, sha256, file });
    const present = await fs.access(file).then(
      () => true,
      () => false,
    );
    if (present && (await fileHash(file)) === sha256) continue;
    const temporary = await fs.mkdtemp(path.join(store, 'apt-'));
    const packageName = name.split('_')[0] ?? name;
    await run('apt-get', [...options, 'download', packageName], { cwd: temporary });
    await fs.rename(path.join(temporary, name), file);
    await fs.rmdir(temporary);
    const seen = await fileHash(file);
    if (seen !== sha256)
      throw new Error(`${file}: sha256 ${seen}, the index says ${sha256}`);
  }
  return files;
}
