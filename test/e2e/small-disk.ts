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
  return smallDisk(app, `size=${Number.parseInt(used, 10) + spareBytes}`);
}

/**
 * The same with `size`, tmpfs' own options, for everything; `afterwards` is a shell command
 * that runs in the data dir when the program has ended. Needs root, as every mount does.
 */
export function smallDisk(
  app: Deployment,
  size: string,
  afterwards?: string,
): Partial<ServeOptions> {
  if (user === undefined) throw new Error('tests with a full disk need root: use sudo');
  const dataDir = `${app.directory}/small`;
  const enter = `setpriv --reuid=${user} --regid=${user} --clear-groups -- "$@"`;
  const script = [
    'set -e',
    `mkdir -p '${dataDir}'`,
    `mount -t tmpfs -o ${size},mode=700,uid=${user},gid=${user} tmpfs '${dataDir}'`,
    ...(afterwards === undefined ? [`exec ${enter}`] : []),
    `status=0; ${enter} || status=$?`,
    `cd '${dataDir}'; ${afterwards}; exit $status`,
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
