import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { ConfigFile } from '../../contract/config.ts';
import { home } from '../base/home.ts';
import { PackagerError } from '../errors.ts';
import { configFile } from './config.ts';
import { parseJson, readTextIfExists } from './json.ts';

/** What `templates/<name>/template.json` says of a framework. */
const templateFile = z.strictObject({
  title: z.string(),
  /** Tried from the lowest up: an app of a framework is also a plain one. */
  order: z.number(),
  /**
   * The app is of this framework when a composer package of the list is required or
   * installed, or when all files of one of the lists exist. `{docroot}` stands for each
   * document root in turn.
   */
  detect: z.strictObject({
    packages: z.array(z.string()),
    files: z.array(z.array(z.string())),
  }),
  /** Tried in this order: the first that has one of `documentRootHas`. */
  documentRoots: z.array(z.string()),
  documentRootHas: z.array(z.string()),
  /** Globs relative to the app root of what is never part of a product. */
  leaveOut: z.array(z.string()),
  /** Files that an installer makes: writable, unless the app brings them. */
  writableIfAbsent: z.array(z.string()),
  /**
   * Beside its `deny` while the document root is the app's own: what is there lies there for
   * lack of another place.
   */
  denyInRoot: z.array(z.string()),
  /** `{docroot}/` in `writable` and `caches` is replaced. */
  config: configFile,
});

export interface Template extends z.infer<typeof templateFile> {
  name: string;
}

/** All templates, by `order`. */
export function loadTemplates(dir: string = join(home, 'templates')): Template[] {
  const templates = readdirSync(dir).flatMap((name) => {
    const file = join(dir, name, 'template.json');
    const text = readTextIfExists(file);
    if (text === null) return [];
    return [{ name, ...parseJson(text, templateFile, file, 'PHPACK_E_TEMPLATE') }];
  });
  return templates.sort((a, b) => a.order - b.order);
}

/** Throws PHPACK_E_TEMPLATE with the list of known ones. */
export function findTemplate(templates: readonly Template[], name: string): Template {
  const template = templates.find((one) => one.name === name);
  if (template) return template;
  const known = templates.map((one) => one.name).join(', ');
  throw new PackagerError(
    'PHPACK_E_TEMPLATE',
    `there is no template ${name}; the templates are ${known}`,
  );
}

/** The first template whose marks the app bears; the last one, `plain`, has none. */
export function detectTemplate(
  templates: readonly Template[],
  root: string,
  packages: ReadonlySet<string>,
): Template {
  const found = templates.find(
    ({ detect, documentRoots }) =>
      detect.packages.some((name) => packages.has(name)) ||
      documentRoots.some((docroot) =>
        detect.files.some((list) =>
          list.every((file) => existsSync(join(root, withDocumentRoot(file, docroot)))),
        ),
      ),
  );
  return found ?? findTemplate(templates, 'plain');
}

/** The document root the template expects, or null when no candidate looks like one. */
export function detectDocumentRoot(template: Template, root: string): string | null {
  const found = template.documentRoots.find((docroot) =>
    template.documentRootHas.some((file) => existsSync(join(root, docroot, file))),
  );
  return found ?? null;
}

export function templateConfig(
  template: Template,
  root: string,
  docroot: string,
): ConfigFile & { deny: string[] } {
  const place = (path: string): string => withDocumentRoot(path, docroot);
  const { writable = [], caches = [], deny = [] } = template.config;
  const made = template.writableIfAbsent.map(place);
  const absent = made.filter((path) => !existsSync(join(root, path)));
  return {
    ...template.config,
    template: template.name,
    documentRoot: docroot,
    deny: [...deny, ...(docroot === '' ? template.denyInRoot : [])],
    writable: [...writable.map(place), ...absent],
    caches: caches.map(place),
  };
}

export function withDocumentRoot(path: string, docroot: string): string {
  return path.replace(/^\{docroot\}\//, docroot === '' ? '' : `${docroot}/`);
}
