import { namedPaths, readAutoloader } from './autoload.ts';
import { checkAutoloader } from './autoload-check.ts';
import { localPackages } from './composer.ts';
import { linksOut } from './links.ts';
import type { Project } from './project.ts';
import { createSelection } from './select.ts';
import { type AppTree, walkApp } from './walk.ts';
import { assertWritten } from './written.ts';

/**
 * What of the app is packed into `output`. Throws what walkApp throws, PHPACK_E_CONFIG when
 * it is not what `writable` says, and PHPACK_E_COMPOSER when what Composer's autoloader needs
 * is not among it.
 */
export function readTree(project: Project, output: string): AppTree {
  const tree = collect(project, output);
  assertWritten(project.config, tree.entries);
  return tree;
}

function collect({ root, config, leaveOut, composer }: Project, output: string): AppTree {
  const options = { config, leaveOut, ownFiles: [output] };
  if (!composer) return walkApp(root, createSelection({ ...options, composer: null }));
  const { vendorDir, developmentPaths } = composer;
  const autoloader = readAutoloader(root, vendorDir);
  const named = namedPaths(root, autoloader);
  const linkedPackages = linksOut(root, localPackages(composer));
  const paths = { vendorDir, developmentPaths, named, linkedPackages };
  const tree = walkApp(root, createSelection({ ...options, composer: paths }));
  const links = [...linkedPackages].map(([path, real]) => `${path} (${real})`);
  const warnings = [
    ...(links.length > 0 ? [`packed in place of links: ${links.join(', ')}`] : []),
    ...checkAutoloader(tree, autoloader, vendorDir),
  ];
  return { ...tree, warnings: [...tree.warnings, ...warnings] };
}
