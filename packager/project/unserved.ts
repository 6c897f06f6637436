import { realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PathRules } from '../../contract/served/path-rules.ts';
import { realPath } from './autoload.ts';
import { globOf } from './denied.ts';
import type { Project } from './project.ts';
import type { AppTree } from './walk.ts';

/**
 * Packed files below the document root, and links to files, that no visitor will get, by
 * the rule that keeps them from him. The product's own rules decide, so that nothing is said
 * that is not so.
 */
export function unservedFiles(project: Project, tree: AppTree): Map<string, string[]> {
  const { config, root, closed } = project;
  const place = realpathSync(join(root, config.documentRoot));
  const docroot = relative(realpathSync(root), place);
  const below = docroot === '' ? '' : `${docroot}/`;
  const rules = new PathRules(config, '', [], docroot === '' ? '' : `/${docroot}`);
  const byHtaccess = new Set(closed.map((directory) => `deny ${globOf(directory)}`));
  const files = new Map<string, string[]>();
  for (const { path, kind } of tree.entries) {
    if (!path.startsWith(below)) continue;
    const target = kind === 'symlink' ? realPath(root, path) : path;
    if (target === null || kind === 'directory') continue;
    if (kind === 'symlink' && !statSync(join(root, target)).isFile()) continue;
    const name = `/${path.slice(below.length)}`;
    const refusal = rules.refusalOf(name, join(root, path), `/${target}`);
    if (refusal === null) continue;
    const rule = byHtaccess.has(refusal) ? '.htaccess' : refusal;
    const paths = files.get(rule);
    if (paths) paths.push(path);
    else files.set(rule, [path]);
  }
  return files;
}
