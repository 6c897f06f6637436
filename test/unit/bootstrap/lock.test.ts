import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { satisfies } from '../../../packager/project/constraint.ts';

interface LockedPackage {
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  engines?: { node?: string };
}

const lock = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../package-lock.json'), 'utf8'),
) as { packages: Record<string, LockedPackage> };

// npm skips an optional package without a word when its engines do not name the Node that
// npm runs on; the tool that needs it then fails much later. So such packages are
// dependencies of our own.
test.each(['18.13.0', '20.11.0', '24.0.0'])(
  'npm ci on Node %s leaves out no tool’s part for this platform',
  (version) => {
    const skipped = Object.entries(lock.packages)
      .filter(([, { optional, os = [], cpu = [], libc = ['glibc'] }]) =>
        [
          optional,
          os.includes('linux'),
          cpu.includes('x64'),
          libc.includes('glibc'),
        ].every(Boolean),
      )
      .filter(([, { engines }]) => !satisfies(version, engines?.node ?? '*'))
      .map(([path]) => path);
    expect(skipped).toEqual([]);
  },
);
