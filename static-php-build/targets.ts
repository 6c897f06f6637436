/** One row per platform we build for; everything else takes the row as a parameter. */
export interface Target {
  /** Our name, as in `--target` and in file names. */
  name: string;
  /** Zig's triple; the number is the newest glibc whose symbols may be used. */
  zigTriple: string;
  /** Newest glibc symbol version the validator accepts. */
  maxGlibc: string;
  /** Autoconf's `--host`. */
  host: string;
  /** OpenSSL's own name of the platform. */
  opensslName: string;
  /** Prefix of the GNU tools: empty where the build machine is the target. */
  toolPrefix: string;
  /** Header directories inside zig's lib/libc/include, most specific first. */
  libcIncludes: readonly string[];
  /** GCC flags that only this architecture needs, each with its reason in toolchain.ts. */
  gccFlags: readonly string[];
  /** Dynamic loader, the only NEEDED entry that differs between targets. */
  loader: string;
  /** ELF e_machine. */
  machine: number;
}

export const targets: readonly Target[] = [
  {
    name: 'linux-x64-gnu',
    zigTriple: 'x86_64-linux-gnu.2.28',
    maxGlibc: '2.28',
    host: 'x86_64-linux-gnu',
    opensslName: 'linux-x86_64',
    toolPrefix: '',
    libcIncludes: ['x86-linux-gnu', 'generic-glibc', 'x86-linux-any', 'any-linux-any'],
    gccFlags: ['-mno-direct-extern-access'],
    loader: 'ld-linux-x86-64.so.2',
    machine: 62,
  },
];

/** The row of that name; throws with the list of known ones. */
export function findTarget(name: string): Target {
  const row = targets.find((t) => t.name === name);
  if (row) return row;
  const known = targets.map((t) => t.name).join(', ');
  throw new Error(`unknown target "${name}" (known: ${known})`);
}
