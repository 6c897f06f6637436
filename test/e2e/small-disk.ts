import { run } from '../apps/run.ts';
import { type Deployment, user } from './product.ts';
import type { ServeOptions } from './server.ts';

/**
 * Options that run a deployment's server on a disk of its own, in memory, with `spareBytes`
 * left after the app was unpacked. The mount is seen by the server only and ends with it.
 */
export async function onSmallDisk(
  app: Deployment,
  spareBytes: number,
): Promise<Partial<ServeOptions>> {
  const extracted = await app.command(['extract']);
  if (extracted.status !== 0) throw new Error(extracted.stderr);
  const used = await run('du', ['-s', '--block-size=1', app.dataDir]);
  return smallDisk(app, Number.parseInt(used, 10) + spareBytes);
}

/** The same with a size for everything. Needs root, as every mount does. */
export function smallDisk(app: Deployment, bytes: number): Partial<ServeOptions> {
  if (user === undefined) throw new Error('tests with a full disk need root: use sudo');
  const dataDir = `${app.directory}/small`;
  const script = [
    'set -e',
    `mkdir -p '${dataDir}'`,
    `mount -t tmpfs -o size=${bytes},mode=700,uid=${user},gid=${user} tmpfs '${dataDir}'`,
    `exec setpriv --reuid=${user} --regid=${user} --clear-groups -- "$@"`,
  ].join('\n');
  return {
    dataDir,
    user: undefined,
    through: (binary, args) => [
      'unshare',
      [
        '--mount',
        '--propagation',
        'private',
        '--',
        '/bin/sh',
        '-c',
        script,
        'small-disk',
        binary,
        ...args,
      ],
    ],
  };
}
