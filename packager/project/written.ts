import type { AppConfig } from '../../contract/config.ts';
import { isBelow, withoutSlash } from '../../contract/paths.ts';
import { PackagerError } from '../errors.ts';
import type { AppEntry } from './walk.ts';

/**
 * What the app brings where it writes must be of the declared kind: the product could not
 * put it in its place at the first start. Throws PHPACK_E_CONFIG.
 */
export function assertWritten(config: AppConfig, entries: readonly AppEntry[]): void {
  const declared = [...config.writable, ...config.caches];
  // What lies in another one comes with it, as it is.
  const places = declared.filter(
    (one) => !declared.some((other) => other !== one && isBelow(one, other)),
  );
  const byPath = new Map(places.map((one) => [withoutSlash(one), one]));
  for (const { path, kind, linkTarget } of entries) {
    const one = byPath.get(path);
    if (one === undefined || (kind === 'directory') === one.endsWith('/')) continue;
    const isLink = kind === 'symlink';
    const found = isLink ? `a link to ${linkTarget}` : `a ${kind}`;
    const remedy = isLink
      ? 'Declare what the link leads to; the link stays as it is.'
      : 'End the names of directories with a slash, and only these.';
    const seen = `${one} is written by the app, but is ${found}`;
    throw new PackagerError('PHPACK_E_CONFIG', seen, { remedy });
  }
}
