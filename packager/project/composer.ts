import { join, relative, resolve } from 'node:path';
import { isInside, leadsOutside } from '../../contract/paths.ts';
import * as z from 'zod/mini';
import { PackagerError } from '../errors.ts';
import { parseJson, readTextIfExists } from './json.ts';

/**
 * Links to other packages; Composer writes an empty list where PHP has an empty array.
 */
const links = z.optional(z.union([z.record(z.string(), z.string()), z.array(z.never())]));

const autoload = z.optional(z.looseObject({}));

const composerJson = z.looseObject({
  name: z.optional(z.string()),
  require: links,
  'require-dev': links,
  provide: links,
  replace: links,
  autoload,
  'autoload-dev': autoload,
  config: z.optional(
    z.union([
      z.looseObject({ 'vendor-dir': z.optional(z.string()) }),
      z.array(z.never()),
    ]),
  ),
});

const installedPackage = z.looseObject({
  name: z.string(),
  version: z.optional(z.string()),
  'install-path': z.optional(z.nullable(z.string())),
  dist: z.optional(z.nullable(z.looseObject({ type: z.optional(z.string()) }))),
  require: links,
  provide: links,
  replace: links,
});

const installedJson = z.union([
  z.looseObject({
    packages: z.array(installedPackage),
    'dev-package-names': z.optional(z.array(z.string())),
  }),
  // Composer 1.
  z.array(installedPackage),
]);

export interface Requirer {
  name: string;
  require: Readonly<Record<string, string>>;
  /** What it is a substitute for: `ext-mbstring` for a polyfill. */
  provides: readonly string[];
}

export interface ComposerPackage extends Requirer {
  version: string;
  isDevelopment: boolean;
  /** Where it is, relative to the app; null for one without files. */
  path: string | null;
  /** Of a `path` repository: Composer has linked it, unless it was told to copy. */
  isLocal: boolean;
}

export interface ComposerProject {
  /** composer.json's own requirements; the name is `composer.json`. */
  root: Requirer;
  packages: readonly ComposerPackage[];
  vendorDir: string;
  /** Whether `composer install` has run. */
  isInstalled: boolean;
  /** Files and directories of `autoload-dev` alone, relative. */
  developmentPaths: readonly string[];
}

/**
 * What Composer knows of the app; null without a composer.json. Throws PHPACK_E_COMPOSER.
 */
export function readComposer(root: string): ComposerProject | null {
  const file = join(root, 'composer.json');
  const text = readTextIfExists(file);
  if (text === null) return null;
  const project = parseJson(text, composerJson, file, 'PHPACK_E_COMPOSER');
  const vendorDir = cleanVendorDir(asObject(project.config)['vendor-dir'], root);
  const installed = readInstalled(root, vendorDir);
  return {
    root: {
      name: 'composer.json',
      require: asLinks(project.require),
      provides: providesOf(project),
    },
    packages: installed ?? [],
    vendorDir,
    isInstalled: installed !== null,
    developmentPaths: developmentPathsOf(project),
  };
}

/**
 * Throws PHPACK_E_VENDOR_MISSING when packages are required and none is there: the app
 * would only fail on the customer's machine.
 */
export function assertInstalled(project: ComposerProject, root: string): void {
  const needed = Object.keys(project.root.require).filter((name) => name.includes('/'));
  if (project.isInstalled || needed.length === 0) return;
  const some = needed.slice(0, 3).join(', ') + (needed.length > 3 ? ' …' : '');
  const vendor = join(root, project.vendorDir);
  const seen = `composer.json requires ${some}, but ${vendor} has no packages`;
  throw new PackagerError('PHPACK_E_VENDOR_MISSING', seen);
}

function readInstalled(root: string, vendorDir: string): ComposerPackage[] | null {
  const file = join(root, vendorDir, 'composer/installed.json');
  const text = readTextIfExists(file);
  if (text === null) return null;
  const installed = parseJson(text, installedJson, file, 'PHPACK_E_COMPOSER');
  const isOld = Array.isArray(installed);
  const development = new Set(isOld ? [] : installed['dev-package-names']);
  return (isOld ? installed : installed.packages).map((one) => ({
    name: one.name,
    version: one.version ?? '',
    require: asLinks(one.require),
    provides: providesOf(one),
    isDevelopment: development.has(one.name),
    path: installPath(one, vendorDir),
    isLocal: one.dist?.type === 'path',
  }));
}

/** Composer 1 does not say it. */
function installPath(
  one: z.infer<typeof installedPackage>,
  vendorDir: string,
): string | null {
  const given = one['install-path'];
  if (given === null) return null;
  const path = given === undefined ? `../${one.name}` : given;
  return join(vendorDir, 'composer', path).replace(/\/$/, '');
}

/** Where those are that Composer may have linked. */
export function localPackages({ packages }: ComposerProject): string[] {
  return packages.flatMap(({ path, isLocal }) => (isLocal && path !== null ? path : []));
}

function providesOf(one: { provide?: unknown; replace?: unknown }): string[] {
  const names = Object.keys({ ...asLinks(one.provide), ...asLinks(one.replace) });
  return names.map((name) => name.toLowerCase());
}

function asLinks(value: unknown): Record<string, string> {
  return Array.isArray(value) ? {} : ((value ?? {}) as Record<string, string>);
}

function asObject(value: unknown): Record<string, unknown> {
  return Array.isArray(value) ? {} : ((value ?? {}) as Record<string, unknown>);
}

function cleanVendorDir(value: unknown, root: string): string {
  const given = typeof value === 'string' && value !== '' ? value : 'vendor';
  const dir = relative(root, resolve(root, given));
  if (dir !== '' && !/^(?:\.\.(?:\/|$)|~|\$)/.test(dir)) return dir;
  const seen = `composer.json installs packages outside of the app, in ${given}`;
  const remedy = 'Set `config.vendor-dir` to a directory of the app and install again.';
  throw new PackagerError('PHPACK_E_COMPOSER', seen, { remedy });
}

/** Paths of `autoload-dev`, but for those that the app itself loads from. */
function developmentPathsOf(project: z.infer<typeof composerJson>): string[] {
  const own = pathsOf(project.autoload);
  const paths = pathsOf(project['autoload-dev']).filter(
    (dir) => !own.some((path) => isInside(path, dir)),
  );
  return [...new Set(paths)];
}

function pathsOf(autoload: unknown): string[] {
  const { 'psr-4': psr4, 'psr-0': psr0, classmap, files } = asObject(autoload);
  const mapped = [psr4, psr0].flatMap((map) => Object.values(asObject(map)));
  return [...mapped, classmap, files]
    .flat()
    .filter((path): path is string => typeof path === 'string')
    .map((path) => path.replace(/^\.\//, '').replace(/\/+$/, ''))
    .filter((path) => path !== '' && path !== '.' && !leadsOutside(path));
}
