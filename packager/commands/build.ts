import { dirname, join } from 'node:path';
import { isInside } from '../../contract/paths.ts';
import { ownVersion } from '../base/version.ts';
import { PackagerError } from '../errors.ts';
import type { Io } from '../io.ts';
import { locateParts, type Parts, type PartsOptions } from '../parts.ts';
import { checkOutput } from '../payload/output.ts';
import { writeProduct, type WrittenProduct } from '../payload/write.ts';
import { type Project, readProject } from '../project/project.ts';
import { assertRequirements } from '../project/requirements.ts';
import { readTree } from '../project/tree.ts';
import type { AppTree } from '../project/walk.ts';
import { type Proof, proveProduct, type ProveOptions } from '../prove.ts';
import { defaultTarget, findTarget } from '../targets.ts';
import { formatBytes, formatCount } from '../ui/format.ts';
import { Progress } from '../ui/progress.ts';
import {
  reportBuild,
  tellDevelopment,
  tellLeftOut,
  tellSubstitutes,
  tellUnserved,
} from '../ui/report.ts';

export interface BuildOptions {
  directory: string;
  output: string;
  config?: string | undefined;
  template?: string | undefined;
  docroot?: string | undefined;
  name?: string | undefined;
  target?: string | undefined;
  allowSubstitutes?: boolean | undefined;
  locked?: boolean | undefined;
  /** Default true. */
  prove?: boolean;
}

/** What tests replace: real parts take half an hour, and proving needs them. */
export interface BuildDependencies {
  locateParts(options: PartsOptions): Promise<Parts>;
  prove(options: ProveOptions): Promise<Proof>;
}

const real: BuildDependencies = { locateParts, prove: proveProduct };

/**
 * `phpack build DIR -o FILE`. What it throws is in errors.ts; then, no output is left.
 */
export async function build(
  options: BuildOptions,
  io: Io,
  dependencies: BuildDependencies = real,
): Promise<void> {
  const progress = new Progress(io);
  const target = findTarget(options.target ?? defaultTarget);
  const output = checkOutput(options.output, io.cwd);
  const project = readProject({
    directory: options.directory,
    cwd: io.cwd,
    configFile: options.config,
    template: options.template,
    documentRoot: options.docroot,
    name: options.name,
  });
  const { template, config } = project;
  const served = config.documentRoot === '' ? 'its root' : `${config.documentRoot}/`;
  progress.line(`${config.name}: ${template.title} in ${project.root}, serves ${served}`);
  const { allowSubstitutes = false, locked: isLocked = false } = options;
  const parts = await progress.step('PHP and server', (tell) => {
    const onLine = io.terminal ? tell : (line: string) => progress.line(`  ${line}`);
    const { signal } = io;
    const sources = { allowSubstitutes, isLocked };
    return dependencies.locateParts({ target, ...sources, onLine, signal });
  });
  tellSubstitutes(progress, parts.facts.substitutes);
  assertRequirements(parts.facts, project.composer, config.php.extensions);
  const tree = await progress.step(
    'files',
    () => readTree(project, output),
    describeTree,
  );
  tellTree(progress, project, tree);
  assertServed(project, tree);
  const product = await writeProduct(
    { output, parts, tree, manifest: manifestOf(project, parts, target.name, tree) },
    progress,
    io,
  );
  try {
    const proof = await proveUnlessTold(
      options,
      dependencies,
      product,
      { parts, paths: pathsOf(project, tree) },
      progress,
      io,
    );
    product.file.publish();
    reportBuild({ output, product, proof, parts, tree, steps: progress.steps }, io);
  } finally {
    product.file.discard();
  }
}

/** `exclude` may have taken too much: nothing would fail, and nothing be served. */
function assertServed({ config, root }: Project, { leftOut }: AppTree): void {
  const { documentRoot, frontController } = config;
  const script = join(documentRoot, frontController);
  const rule = leftOut.find(({ path }) => isInside(script, path));
  if (!rule || frontController === '') return;
  const seen = `the front controller ${join(root, script)} is left out (${rule.reason})`;
  const remedy = 'Pack it with `include` in phpack.json, or correct `exclude`.';
  throw new PackagerError('PHPACK_E_NOT_PHP', seen, { remedy });
}

function describeTree({ entries }: AppTree): string {
  const files = entries.filter((entry) => entry.kind === 'file');
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return `${formatCount(files.length, 'file')}, ${formatBytes(bytes)}`;
}

function tellTree(progress: Progress, project: Project, tree: AppTree): void {
  for (const warning of tree.warnings) progress.warn(warning);
  tellLeftOut(progress, project, tree);
  tellUnserved(progress, project, tree);
  tellDevelopment(progress, project, tree);
}

function manifestOf(project: Project, parts: Parts, target: string, tree: AppTree) {
  const { config } = project;
  const { version, extensions, substitutes } = parts.facts;
  return {
    target,
    phpackVersion: ownVersion(),
    app: {
      name: config.name,
      files: tree.entries.filter((entry) => entry.kind === 'file').length,
      template: config.template,
      documentRoot: config.documentRoot,
    },
    php: { version, extensions, substitutes },
    config,
  };
}

/** Of the unpacked app: its entries, and the links with the directories they need. */
function pathsOf({ config }: Project, { entries }: AppTree): Set<string> {
  const paths = new Set(entries.map(({ path }) => path));
  for (const link of [...config.writable, ...config.caches]) {
    for (let path = link.replace(/\/$/, ''); path !== '.'; path = dirname(path)) {
      paths.add(path);
    }
  }
  return paths;
}

async function proveUnlessTold(
  options: BuildOptions,
  dependencies: BuildDependencies,
  product: WrittenProduct,
  { parts, paths }: { parts: Parts; paths: ReadonlySet<string> },
  progress: Progress,
  io: Io,
): Promise<Proof | null> {
  if (options.prove === false) return null;
  const proof = await progress.step(
    'prove',
    () =>
      dependencies.prove({
        binary: product.file.scratchPath,
        extensions: parts.facts.extensions,
        unpackedBytes: product.parts.app.size + product.parts.php.size,
        paths,
        signal: io.signal,
      }),
    ({ answer }) => `the front page answers ${answer}`,
  );
  for (const warning of proof.warnings) progress.warn(warning);
  return proof;
}
