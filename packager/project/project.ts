import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { AppConfig } from '../../runtime/payload/format.ts';
import { errnoOf, PackagerError } from '../errors.ts';
import { assertInstalled, type ComposerProject, readComposer } from './composer.ts';
import { type ConfigFile, configFile, mergeConfig } from './config.ts';
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
  const config = mergeConfig(
    { name: nameOf(root) },
    templateConfig(template, root, documentRoot),
    own,
    { documentRoot, template: template.name },
    options.name === undefined ? {} : { name: options.name },
  );
  assertConfig(config, root);
  const leaveOut = template.leaveOut.map((glob) => withDocumentRoot(glob, documentRoot));
  return { root, template, composer, config, leaveOut };
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
    const path = given.replace(/^\.(\/|$)/, '').replace(/\/+$/, '');
    if (path.startsWith('/') || path.split('/').includes('..')) {
      const seen = `documentRoot: ${given} is no relative path inside the app`;
      throw new PackagerError('PHPACK_E_CONFIG', seen);
    }
    if (existsSync(join(root, path))) return path;
    const seen = `documentRoot: ${join(root, path)} does not exist`;
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

function hasScripts(root: string): boolean {
  return readdirSync(root).some((name) => name.toLowerCase().endsWith('.php'));
}

/** What the types of the schema cannot say. */
function assertConfig(config: AppConfig, root: string): void {
  const { name, documentRoot, frontController, writable, caches } = config;
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name) || /^\.+$/.test(name)) {
    const shown = JSON.stringify(name);
    const seen = `the name ${shown} has other characters than A-Z a-z 0-9 . _ -`;
    const remedy = 'Give it one with --name, or with `name` in phpack.json.';
    throw new PackagerError('PHPACK_E_CONFIG', seen, { remedy });
  }
  for (const path of [...writable, ...caches]) {
    const parts = path.replace(/\/$/, '').split('/');
    if (parts.every((part) => part !== '' && part !== '.' && part !== '..')) continue;
    const seen = `${JSON.stringify(path)} is no relative path inside the app`;
    throw new PackagerError('PHPACK_E_CONFIG', `writable or caches: ${seen}`);
  }
  if (frontController === '' || config.entryScripts === 'any') return;
  if (existsSync(join(root, documentRoot, frontController))) return;
  const script = join(root, documentRoot, frontController);
  const seen = `the front controller ${script} does not exist`;
  throw new PackagerError('PHPACK_E_NOT_PHP', seen);
}
