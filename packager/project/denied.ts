import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { AppConfig } from '../../contract/config.ts';
import type { ComposerProject } from './composer.ts';
import { isBelow } from '../../contract/paths.ts';
import { compileGlobs } from '../../contract/glob.ts';
import { closedDirectories } from './htaccess.ts';

/**
 * Globs for Composer's own directory, where that lies below the document root. Not for
 * just any `vendor`: themes and bundlers call a directory of scripts and styles so.
 */
export function composerGlobs(
  root: string,
  documentRoot: string,
  composer: ComposerProject | null,
): string[] {
  const places = new Set([composer?.vendorDir ?? 'vendor', join(documentRoot, 'vendor')]);
  return [...places]
    .filter((place) => documentRoot === '' || isBelow(place, documentRoot))
    .filter((place) => existsSync(join(root, place, 'composer')))
    .map((place) => globOf(relative(documentRoot, place)));
}

/** Directories closed by a `.htaccess`, but for those that `deny` names anyway. */
export function closedBeside({ documentRoot, deny }: AppConfig, root: string): string[] {
  const isDenied = compileGlobs(deny);
  return closedDirectories(root, documentRoot).filter((dir) => !isDenied(`${dir}/x`));
}

/** Of a directory and all that is in it. */
export function globOf(directory: string): string {
  return `${directory.replace(/[*?[\]{},]/g, '?')}/**`;
}
