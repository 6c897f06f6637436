import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { isInside, leadsOutside } from '../../contract/paths.ts';
import { PackagerError } from '../errors.ts';
import { type Autoloader, realPath } from './autoload.ts';
import type { AppEntry, AppTree } from './walk.ts';

/** As many names as a warning shows well. */
const SHOWN_PATHS = 5;
/** As Linux has it for symbolic links. */
const MOST_LINKS = 40;

/**
 * Compares what Composer's autoloader names with what is packed. Throws PHPACK_E_COMPOSER
 * for a file that is loaded at every start; returns a warning for classes that will not be
 * found.
 */
export function checkAutoloader(
  tree: AppTree,
  autoloader: Autoloader,
  vendorDir: string,
): string[] {
  const entries = new Map(tree.entries.map((entry) => [entry.path, entry]));
  // An app may have Composer for its tools only, and leave all of it out.
  if (!isPacked(entries, `${vendorDir}/autoload.php`)) return [];
  const isMissing = (path: string): boolean => path !== '' && !isPacked(entries, path);
  const fatal = autoloader.files.find(isMissing);
  if (fatal !== undefined) throw missing(tree, fatal, vendorDir);
  // Composer names directories that may be there, and so do classes of the map.
  const absent = [...autoloader.classes, ...autoloader.directories].filter(
    (path) => isMissing(path) && existsSync(join(tree.root, path)),
  );
  if (absent.length === 0) return [];
  const shown = absent.slice(0, SHOWN_PATHS).map((path) => {
    return `${path} (${whyMissing(tree, path)})`;
  });
  const more = absent.length - shown.length;
  const list = shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
  return [`not packed, though Composer's autoloader names it: ${list}`];
}

/** Whether a path leads to something, through the links that are packed as well. */
function isPacked(
  entries: ReadonlyMap<string, AppEntry>,
  path: string,
  links = 0,
): boolean {
  const names = path.split('/');
  for (let count = 1; count <= names.length; count++) {
    const at = names.slice(0, count).join('/');
    const entry = entries.get(at);
    if (!entry) return false;
    if (entry.kind !== 'symlink') continue;
    const target = normalize(join(dirname(at), entry.linkTarget, ...names.slice(count)));
    return links < MOST_LINKS && (target === '.' || isPacked(entries, target, links + 1));
  }
  return true;
}

function missing(tree: AppTree, path: string, vendorDir: string): PackagerError {
  const list = `${vendorDir}/composer/autoload_files.php`;
  const why = existsSync(join(tree.root, path)) ? whyMissing(tree, path) : '';
  const seen =
    why === ''
      ? `Composer's autoloader loads ${path} at every start, which does not exist (${list})`
      : `Composer's autoloader loads ${path} at every start, which is not packed: ${why}`;
  const cure = why === '' ? 'Run `composer dump-autoload`' : 'Pack it';
  const remedy =
    `${cure}; run \`composer install --no-dev\` if only development needs it; or ` +
    `\`exclude\` ${vendorDir}/ if the app does not need it.`;
  return new PackagerError('PHPACK_E_COMPOSER', seen, { remedy });
}

function whyMissing({ root, leftOut }: AppTree, path: string): string {
  const real = realPath(root, path) ?? path;
  const rule = leftOut.find((one) =>
    [path, real].some((name) => isInside(name, one.path)),
  );
  if (rule) return `left out, ${rule.reason}`;
  return leadsOutside(real) ? 'outside of the app' : 'left out';
}
