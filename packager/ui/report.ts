import { basename } from 'node:path';
import { isBelow } from '../../contract/paths.ts';
import type { Substitute } from '../../contract/manifest.ts';
import type { Io } from '../io.ts';
import type { Parts } from '../parts.ts';
import type { WrittenProduct } from '../payload/write.ts';
import { developmentParts } from '../project/development.ts';
import { compileGlobs } from '../../contract/glob.ts';
import type { Project } from '../project/project.ts';
import { maybeSecret, type Reason } from '../project/rules.ts';
import { unservedFiles } from '../project/unserved.ts';
import type { AppTree } from '../project/walk.ts';
import type { Proof } from '../prove.ts';
import { formatBytes, formatCount, formatSeconds } from './format.ts';
import type { Progress } from './progress.ts';

/** As many paths of one reason as a terminal shows well. */
const SHOWN_PATHS = 12;

/** Says what is not packed; secrets as a warning, as somebody may rely on them. */
export function tellLeftOut(progress: Progress, project: Project, tree: AppTree): void {
  const byReason = new Map<Reason, string[]>();
  for (const { path, reason } of tree.leftOut) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), path]);
  }
  for (const [reason, paths] of byReason) {
    const list = someOf(paths);
    if (reason === 'secret') {
      progress.warn(
        `left out as secret: ${list} (\`include\` in phpack.json packs them)`,
      );
    } else if (reason === 'special file') {
      progress.warn(`left out, as it is not a regular file: ${list}`);
    } else {
      progress.line(`  left out (${reason}): ${list}`);
    }
  }
  const isMaybeSecret = compileGlobs(maybeSecret);
  const suspects = tree.entries.filter(
    ({ path, kind }) => kind === 'file' && isMaybeSecret(path),
  );
  if (suspects.length > 0) {
    const names = suspects.map(({ path }) => path).join(', ');
    progress.warn(`packed, and readable by every customer: ${names}`);
  }
  tellFirstContent(progress, project, tree);
}

/** Not a warning: most of an app's code is never asked for by its name. */
export function tellUnserved(progress: Progress, project: Project, tree: AppTree): void {
  const byRule = [...unservedFiles(project, tree)];
  for (const [rule, paths] of byRule.sort(([, a], [, b]) => b.length - a.length)) {
    progress.line(`  not served (${rule}): ${fewOf(paths)}`);
  }
}

/** At every build and start that uses them: nobody is to overlook it. */
export function tellSubstitutes(
  progress: Progress,
  substitutes: readonly Substitute[],
): void {
  if (substitutes.length === 0) return;
  const list = substitutes.map(formatSubstitute).join(', ');
  progress.warn(`PHP is not built from the pinned sources alone: ${list}`);
}

export function formatSubstitute({ name, version, pinned }: Substitute): string {
  return `${name} ${version} instead of ${pinned}`;
}

/** One warning for all that only developers need: names, size, and how to be rid of it. */
export function tellDevelopment(
  progress: Progress,
  { composer }: Project,
  { entries }: AppTree,
): void {
  if (!composer) return;
  const { names, packages, bytes } = developmentParts(composer, entries);
  if (names.length === 0) return;
  const paths = names.length - packages;
  const counts = [
    ...(packages > 0 ? [formatCount(packages, 'package')] : []),
    ...(paths > 0
      ? [formatCount(paths, 'path of `autoload-dev`', 'paths of `autoload-dev`')]
      : []),
  ];
  progress.warn(
    `packed, though only development needs it: ${counts.join(' and ')}, ` +
      `${formatBytes(bytes)} (${someOf(names)}); ` +
      '`composer install --no-dev` leaves it out',
  );
}

function someOf(paths: readonly string[]): string {
  const more = paths.length - SHOWN_PATHS;
  return paths.slice(0, SHOWN_PATHS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Every customer begins with what the vendor's machine has there. */
function tellFirstContent(progress: Progress, project: Project, tree: AppTree): void {
  const writable = project.config.writable;
  const files = tree.entries.filter(
    ({ path, kind }) =>
      kind === 'file' &&
      !/(^|\/)\.git(ignore|keep)$/.test(path) &&
      writable.some((place) => isBelow(path, place)),
  );
  if (files.length === 0) return;
  const paths = files.map(({ path }) => path);
  progress.line(`  first content of writable paths: ${fewOf(paths)}`);
}

function fewOf(paths: readonly string[]): string {
  const dots = paths.length > 3 ? ', …' : '';
  const count = formatCount(paths.length, 'file');
  return `${count} (${paths.slice(0, 3).join(', ')}${dots})`;
}

export interface BuildReport {
  output: string;
  product: WrittenProduct;
  /** Null when it was not asked for. */
  proof: Proof | null;
  parts: Parts;
  tree: AppTree;
  steps: readonly { label: string; ms: number }[];
}

export function reportBuild(report: BuildReport, io: Io): void {
  const { output, product, proof, parts, steps } = report;
  const { app, php, channel } = product.parts;
  const files = report.tree.entries.filter(({ kind }) => kind === 'file').length;
  const total = steps.reduce((sum, step) => sum + step.ms, 0);
  const times = steps.map(({ label, ms }) => `${label} ${formatSeconds(ms)}`).join(', ');
  const appSize = `${formatCount(files, 'file')}, ${formatBytes(app.size)} unpacked`;
  const lines = [
    `${output}: ${formatBytes(product.file.size)}`,
    `  server  ${formatBytes(product.baseBytes + channel.length)}`,
    `  PHP     ${formatBytes(php.length)}  (${parts.facts.version}, ` +
      `${formatCount(parts.facts.extensions.length, 'extension')})`,
    `  app     ${formatBytes(app.length)}  (${appSize})`,
    `  time    ${formatSeconds(total)}: ${times}`,
    proof
      ? `  proof   answers ${proof.answer}, ` +
        `${formatSeconds(proof.firstResponseMs)} after its first start`
      : '  proof   not proved (--no-prove)',
    `Start it:  ${startCommand(output, io.cwd)}`,
  ];
  io.stdout(`${lines.join('\n')}\n`);
}

function startCommand(output: string, cwd: string): string {
  const isHere = output === `${cwd.replace(/\/$/, '')}/${basename(output)}`;
  const command = isHere ? `./${basename(output)}` : output;
  return `${command} --listen 127.0.0.1:8080`;
}
