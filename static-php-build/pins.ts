import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sha256File } from './hash.ts';
import type { Manifest } from './manifest.ts';
import { findSource } from './sources.ts';

/** What was asked for cannot be had, or is not there, as it is pinned in sources.ts. */
export class NotPinned extends Error {}

/** The exit status of build.ts for that. */
export const notPinnedStatus = 3;

/** Every difference between what an ELF was made of and the pins; `names` are expected. */
export function pinFaults(manifest: Manifest, names: readonly string[]): string[] {
  const { components } = manifest;
  const expected = new Set(names);
  const present = new Set(components.map(({ name }) => name));
  return [
    ...names.filter((name) => !present.has(name)).map((name) => `${name} is missing`),
    ...components.flatMap(({ name, version, sha256 }) => {
      if (!expected.has(name)) return [`${name} ${version} is not part of it`];
      const { version: pinned, sha256: hash, urlPin } = findSource(name);
      const hashes = [hash, ...(typeof urlPin === 'object' ? [urlPin.sha256] : [])];
      if (hashes.includes(sha256) && version === pinned) return [];
      return [`${name} ${version} (${sha256}) stands in for ${pinned}`];
    }),
  ];
}

/**
 * Throws NotPinned unless the ELF is the one that its libphp.json describes, and was made
 * of exactly the pinned sources.
 */
export async function assertPinned(
  php: string,
  libphp: string,
  names: readonly string[],
): Promise<void> {
  const manifest = JSON.parse(readFileSync(libphp, 'utf8')) as Manifest;
  const faults = pinFaults(manifest, names);
  if ((await sha256File(php)) !== manifest.php.sha256) {
    faults.push(`${php} is not the file that ${libphp} describes`);
  }
  if (faults.length === 0) return;
  const list = faults.map((fault) => `  ${fault}\n`).join('');
  throw new NotPinned(
    `php is not built from the pins:\n${list}Remove ${dirname(php)} to build it again.`,
  );
}
