import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join, normalize, resolve } from 'node:path';
import type { AppConfig, ConfigFile } from '../../contract/config.ts';
import { errnoOf, PackagerError } from '../errors.ts';
import { assertInstalled, type ComposerProject, readComposer } from './composer.ts';
import { configFile, mergeConfig } from './config.ts';
import { closedBeside, composerGlobs, globOf } from './denied.ts';
import { configFaults } from '../../contract/faults.ts';
import { isBelow } from '../../contract/paths.ts';
import { phpFaults } from './php-faults.ts';
import { parseJson, readTextIfExists } from './json.ts';
import {
  detectDocumentRoot,
  detectTemplate,
  findTemplate,
  loadTemplates,
  type Template,
  templateConfig,
  withDocumentRoot,
} from './template.ts';

export interface ProjectOptions {
  /** As given by the user. */
  directory: string;
  cwd: string;
  /** Configuration file; default `phpack.json` in the directory, which may be absent. */
  configFile?: string | undefined;
  template?: string | undefined;
  documentRoot?: string | undefined;
  name?: string | undefined;
}

export interface Project {
  root: string;
  template: Template;
  composer: ComposerProject | null;
  /** Complete: default, template, phpack.json and flags, the later the stronger. */
  config: AppConfig;
  /** What `deny` has of the app's `.htaccess` files, relative to the document root. */
  closed: string[];
  /** Globs of the template, for the document root found. */
  leaveOut: string[];
}

export const configName = 'phpack.json';

/**
 * Finds out what the app in a directory is. Throws PHPACK_E_NO_DIRECTORY,
 * PHPACK_E_CONFIG, PHPACK_E_TEMPLATE, PHPACK_E_COMPOSER, PHPACK_E_VENDOR_MISSING and
 * PHPACK_E_NOT_PHP.
 */
export function readProject(options: ProjectOptions): Project {
  const root = resolve(options.cwd, options.directory);
  assertDirectory(root);
  const own = readConfig(root, options);
  const composer = readComposer(root);
  const template = chooseTemplate(root, composer, options.template ?? own.template);
  const given = options.documentRoot ?? own.documentRoot;
  const documentRoot = chooseDocumentRoot(root, template, given);
  if (composer) assertInstalled(composer, root);
  const ofTemplate = templateConfig(template, root, documentRoot);
  const vendor = composerGlobs(root, documentRoot, composer);
  const merged = mergeConfig(
    { name: nameOf(root) },
    { ...ofTemplate, deny: [...ofTemplate.deny, ...vendor] },
    own,
    { documentRoot, template: template.name },
    options.name === undefined ? {} : { name: options.name },
  );
  assertConfig(merged, own, root);
  const closed = closedBeside(merged, root);
  const config = { ...merged, deny: [...merged.deny, ...closed.map(globOf)] };
  const leaveOut = template.leaveOut.map((glob) => withDocumentRoot(glob, documentRoot));
  return { root, template, composer, config, closed, leaveOut };
}

/**
 * What can be kept of the directory's name. Nothing at all is refused, as it is: two
 * products of one name would share their data.
 */
function nameOf(root: string): string {
  const plain = basename(root).replace(/[^A-Za-z0-9._-]+/g, '-');
  return plain.replace(/^[.-]+|-+$/g, '').slice(0, 64) || basename(root);
}

function assertDirectory(root: string): void {
  let isDirectory = false;
  try {
    isDirectory = statSync(root).isDirectory();
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'does not exist' : errnoOf(error);
    throw new PackagerError('PHPACK_E_NO_DIRECTORY', `${root}: ${why}`, { cause: error });
  }
  if (isDirectory) return;
  throw new PackagerError('PHPACK_E_NO_DIRECTORY', `${root} is not a directory`);
}

function readConfig(root: string, options: ProjectOptions): ConfigFile {
  const named = options.configFile;
  const file = named === undefined ? join(root, configName) : resolve(options.cwd, named);
  const text = readTextIfExists(file);
  if (text !== null) return parseJson(text, configFile, file, 'PHPACK_E_CONFIG');
  if (named === undefined) return {};
  throw new PackagerError('PHPACK_E_CONFIG', `${file} does not exist`);
}

function chooseTemplate(
  root: string,
  composer: ComposerProject | null,
  name: string | undefined,
): Template {
  const templates = loadTemplates();
  if (name !== undefined) return findTemplate(templates, name);
  const packages = new Set(composer?.packages.map((one) => one.name));
  for (const required of Object.keys(composer?.root.require ?? {}))
    packages.add(required);
  return detectTemplate(templates, root, packages);
}

function chooseDocumentRoot(
  root: string,
  template: Template,
  given: string | undefined,
): string {
  if (given !== undefined) {
    const path = normalize(given).replace(/^\.?\/?$|\/$/, '');
    if (path.startsWith('/') || path.split('/').includes('..')) {
      const seen = `documentRoot: ${given} is not a relative path inside the app`;
      throw new PackagerError('PHPACK_E_CONFIG', seen);
    }
    const stats = statIfExists(join(root, path));
    if (stats?.isDirectory()) return path;
    const why = stats ? 'is not a directory' : 'does not exist';
    const seen = `documentRoot: ${join(root, path)} ${why}`;
    throw new PackagerError('PHPACK_E_CONFIG', seen);
  }
  const found = detectDocumentRoot(template, root);
  if (found !== null) return found;
  // A directory of scripts without an index is an app as well.
  if (template.name === 'plain' && hasScripts(root)) return '';
  const seen =
    template.name === 'plain'
      ? `${root} has no index.php and no other PHP scripts`
      : `${root} looks like ${template.title}, but has none of its document roots`;
  throw new PackagerError('PHPACK_E_NOT_PHP', seen);
}

/** What cannot be reached is not there, as for the web server. */
function statIfExists(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function hasScripts(root: string): boolean {
  try {
    return readdirSync(root).some((name) => name.toLowerCase().endsWith('.php'));
  } catch (error) {
    const seen = `the directory ${root} cannot be read: ${errnoOf(error)}`;
    throw new PackagerError('PHPACK_E_UNREADABLE', seen, { cause: error });
  }
}

/** What the types of the schema cannot say. */
function assertConfig(config: AppConfig, own: ConfigFile, root: string): void {
  const { name, documentRoot, frontController } = config;
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name) || /^\.+$/.test(name)) {
    const shown = JSON.stringify(name);
    const seen = `the name ${shown} contains characters other than A-Z a-z 0-9 . _ -`;
    const remedy = 'Choose another with --name, or with `name` in phpack.json.';
    throw new PackagerError('PHPACK_E_CONFIG', seen, { remedy });
  }
  const faults = [...configFaults(config), ...phpFaults(config.php)];
  if (faults.length > 0) throw new PackagerError('PHPACK_E_CONFIG', faults.join('; '));
  const script = join(root, documentRoot, frontController);
  if (frontController === '') return;
  if (statIfExists(script)?.isFile()) return assertCode(config);
  // Scripts without an index are an app as well, unless an index was asked for.
  if (config.entryScripts === 'any' && own.frontController === undefined) return;
  const seen = `the front controller ${script} does not exist`;
  throw new PackagerError('PHPACK_E_NOT_PHP', seen);
}

/** Nothing would be served: PHP does not run from where the app writes. */
function assertCode(config: AppConfig): void {
  const { documentRoot, frontController, entryScripts, writable, caches } = config;
  const script = join(documentRoot, frontController);
  const place = [...writable, ...caches].find((one) => isBelow(script, one));
  const isListed = entryScripts !== 'any' && entryScripts.includes(frontController);
  if (place === undefined || isListed) return;
  const seen = `the front controller ${script} is in ${place}, which the app writes to`;
  const remedy = 'Make `writable` smaller, or list the script in `entryScripts`.';
  throw new PackagerError('PHPACK_E_CONFIG', seen, { remedy });
}
