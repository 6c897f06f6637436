// A Debian root file system of another release, made by debootstrap and kept in the
// cache: the environment in which Debian's own PHP 8.4 and ours meet as equals (same
// libc, locales, time zones and paths). The mirrors are those of the machine's own apt.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheRoot } from '../../static-php-build/cache.ts';

export type DebianRoot = { suite: string; dir: string };

/** A package file of one exact version, for when the index has moved on. */
export interface PinnedPackage {
  /** Path below the archive's base, `pool/main/…`. */
  path: string;
  sha256: string;
}

/**
 * The cached root of `suite` with `packages`, made when it is missing (1–4 minutes).
 * `pinned` files are installed as they are; names only fill in what they do not bring.
 * Needs root and debootstrap. Throws with what to do when either is missing.
 */
export function ensureDebianRoot(
  suite: string,
  packages: readonly string[],
  say: (line: string) => void,
  pinned: readonly PinnedPackage[] = [],
): DebianRoot {
  const inputs = [suite, ...packages, ...pinned.map((file) => file.sha256)];
  const key = createHash('sha256').update(inputs.join('\n')).digest('hex').slice(0, 12);
  const dir = join(cacheRoot(), 'debian-root', `${suite}-${key}`);
  if (existsSync(join(dir, '.complete'))) return { suite, dir };
  if (process.getuid?.() !== 0) {
    throw new Error('a Debian root can only be made and entered by root: use sudo');
  }
  if (!existsSync('/usr/sbin/debootstrap')) {
    throw new Error('debootstrap is missing: apt-get install debootstrap');
  }
  say(`making a Debian ${suite} root in ${dir}`);
  const work = `${dir}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(dirname(dir), { recursive: true });
  bootstrap(suite, work, packages, pinned, say);
  writeFileSync(join(work, '.complete'), `${packages.join('\n')}\n`);
  renameSync(work, dir);
  return { suite, dir };
}

function bootstrap(
  suite: string,
  dir: string,
  packages: readonly string[],
  pinned: readonly PinnedPackage[],
  say: (line: string) => void,
): void {
  const mirrors = debianMirrors(suite);
  const main = mirrors.find((m) => m.suite === suite);
  if (!main) throw new Error("no Debian mirror in the machine's apt configuration");
  quiet('debootstrap', [
    '--variant=minbase',
    '--include=ca-certificates',
    suite,
    dir,
    main.uri,
  ]);
  writeFileSync(
    join(dir, 'etc/apt/sources.list'),
    mirrors.map((m) => `deb ${m.uri} ${m.suite} main\n`).join(''),
  );
  // No daemon starts inside the root: the tests start what they need themselves.
  writeFileSync(join(dir, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', {
    mode: 0o755,
  });
  writeFileSync(join(dir, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  const resolv = '/etc/resolv.conf';
  if (existsSync(resolv)) copyFileSync(resolv, join(dir, 'etc/resolv.conf'));
  const files = downloadPinned(mirrors, dir, pinned);
  const wanted = [...files, ...packages];
  say(`installing ${wanted.length} packages in it`);
  const script =
    'export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && ' +
    'apt-get -y -qq upgrade && ' +
    `apt-get install -y -qq --no-install-recommends ${wanted.join(' ')} && ` +
    'apt-get clean';
  quiet(
    'unshare',
    enterArguments(
      { suite, dir },
      {
        argv: ['/bin/sh', '-c', script],
        network: 'host',
      },
    ),
  );
}

/**
 * Puts the pinned files into the root and gives their paths inside. apt's own helper
 * downloads them: it follows the machine's proxy settings and checks the hash.
 */
function downloadPinned(
  mirrors: readonly { uri: string }[],
  dir: string,
  pinned: readonly PinnedPackage[],
): string[] {
  const bases = [...new Set(mirrors.map((mirror) => mirror.uri))];
  const inside = '/var/cache/pinned';
  mkdirSync(join(dir, inside), { recursive: true });
  return pinned.map(({ path, sha256 }) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const to = join(dir, inside, name);
    let failure: unknown;
    for (const base of bases) {
      try {
        const url = new URL(path, base).href;
        quiet('/usr/lib/apt/apt-helper', ['download-file', url, to, `SHA256:${sha256}`]);
        return `${inside}/${name}`;
      } catch (error) {
        failure = error;
      }
    }
    throw new Error(`${name} is in no archive any more: renew its pin`, {
      cause: failure,
    });
  });
}

/** The Debian archives of the machine's apt, with `suite` in place of its own. */
function debianMirrors(suite: string): { uri: string; suite: string }[] {
  const format = '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(CODENAME)|$(COMPONENT)';
  const text = execFileSync(
    'apt-get',
    ['indextargets', '--format', format, 'Created-By: Packages'],
    { encoding: 'utf8' },
  );
  const found = new Map<string, { uri: string; suite: string }>();
  for (const line of text.split('\n')) {
    const [origin, uri, release, codename, component] = line.split('|');
    if (origin !== 'Debian' || component !== 'main') continue;
    if (!uri || !release || !codename) continue;
    const base = codename.replace(/-.*/, '');
    const other = release.replace(base, suite).replace(/^(old)*stable/, suite);
    found.set(`${uri} ${other}`, { uri, suite: other });
  }
  return [...found.values()];
}

export type Enter = {
  /** Program and arguments, paths as seen inside the root. */
  argv: readonly string[];
  /** `none` gives a network namespace with loopback only. */
  network: 'host' | 'none';
  /** Host directories shown inside: [host, inside]. */
  binds?: readonly (readonly [string, string])[];
  /** Run as this uid and gid instead of root. */
  user?: number;
  /** Working directory inside. Default `/`. */
  cwd?: string;
};

/**
 * Arguments for unshare(1) that run `enter.argv` inside the root. Mounts are private to
 * the command, and every process it leaves behind ends with it (own pid namespace).
 */
export function enterArguments(root: DebianRoot, enter: Enter): string[] {
  const d = root.dir;
  const lines = [
    'set -e',
    `mount --bind ${quote(d)} ${quote(d)}`,
    `mount -t proc proc ${quote(d)}/proc`,
    `mount --rbind /dev ${quote(d)}/dev`,
    `mount -t tmpfs -o mode=1777 tmpfs ${quote(d)}/tmp`,
  ];
  for (const [host, inside] of enter.binds ?? []) {
    const to = quote(join(d, inside));
    lines.push(`mkdir -p ${to}`, `mount --bind ${quote(host)} ${to}`);
  }
  if (enter.network === 'none') lines.push('ip link set lo up');
  const user = enter.user === undefined ? '' : ` --userspec=${enter.user}:${enter.user}`;
  const cwd = quote(enter.cwd ?? '/');
  lines.push(
    `exec chroot${user} ${quote(d)} /bin/sh -c 'cd "$0" && exec "$@"' ${cwd} "$@"`,
  );
  return [
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    ...(enter.network === 'none' ? ['--net'] : []),
    '--',
    '/bin/sh',
    '-c',
    lines.join('\n'),
    'enter',
    ...enter.argv,
  ];
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function quiet(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const tail = `${stdout}\n${stderr}`.split('\n').slice(-30).join('\n');
    throw new Error(`${command} failed:\n${tail}`, { cause: error });
  }
}
