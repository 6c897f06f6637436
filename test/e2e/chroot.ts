import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { debianMirror } from '../apps/apt.ts';
import { cachedDirectory } from '../apps/cache.ts';
import { run } from '../apps/run.ts';

/** Where the product's directory is seen inside. */
export const inside = '/srv';

/** The smallest system that `debootstrap` makes of a Debian release, as it comes. Needs root. */
export async function debianRoot(suite: string): Promise<string> {
  if (process.getuid?.() !== 0) {
    throw new Error('a Debian root can only be made and entered by root: use sudo');
  }
  const mirror = await debianMirror();
  return cachedDirectory('debian-root', `minbase-${suite}`, [suite], async (dir) => {
    // In a mount namespace of its own: nothing stays mounted when it fails.
    const command = ['debootstrap', '--variant=minbase', suite, dir, mirror];
    await run('unshare', ['--mount', '--propagation', 'private', '--', ...command]);
  });
}

export interface Room {
  /** A root as debianRoot() gives it; it is not changed. */
  root: string;
  /** Shown at `inside`. */
  directory: string;
  /** Becomes the system's CA bundle when given; else the room has none. */
  authority?: string;
  user: number;
}

/**
 * Program and arguments that run `argv` in the room: /proc, its own /tmp, one directory of the
 * host, and a host name that only /etc/hosts knows. It stays the same process, so that
 * signals reach the product.
 */
export function enterRoom(room: Room, argv: readonly string[]): [string, string[]] {
  const { root, directory, authority, user } = room;
  const lines = [
    'set -e',
    `mount -t tmpfs tmpfs '${root}/mnt'`,
    `mkdir '${root}/mnt/etc' '${root}/mnt/work' '${root}/mnt/all'`,
    // The room's root: the release below, everything that changes above.
    `mount -t overlay overlay -o 'lowerdir=${root},upperdir=${root}/mnt/etc,workdir=${root}/mnt/work' '${root}/mnt/all'`,
    `cd '${root}/mnt/all'`,
    'rm -rf etc/ssl etc/pki; mkdir -p etc/ssl/certs',
    "echo '127.0.0.1 localhost room.test' > etc/hosts",
    ...(authority ? [`cp '${authority}' etc/ssl/certs/ca-certificates.crt`] : []),
    'mount -t proc proc proc',
    `mount --bind '${directory}' .${inside}`,
    `exec chroot --userspec=${user}:${user} . "$@"`,
  ];
  return [
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      '--',
      '/bin/sh',
      '-c',
      lines.join('\n'),
      'room',
      ...argv,
    ],
  ];
}

/** Which of `programs` the root has in the usual places. */
export async function programsIn(root: string, programs: readonly string[]) {
  const found: string[] = [];
  for (const dir of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin']) {
    for (const name of await fs.readdir(path.join(root, dir)).catch(() => [])) {
      if (programs.some((program) => name.startsWith(program)))
        found.push(`${dir}/${name}`);
    }
  }
  return found;
}
