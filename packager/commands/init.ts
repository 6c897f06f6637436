import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PackagerError } from '../errors.ts';
import type { Io } from '../io.ts';
import { configName, readProject } from '../project/project.ts';

/** `phpack init [DIR]`. Throws PHPACK_E_CONFIG_EXISTS rather than overwrite. */
export function init(directory: string, io: Io): void {
  // Only what was found out: all else keeps following the template.
  const { root, template, config } = readProject({ directory, cwd: io.cwd });
  const { name, documentRoot, writable, caches } = config;
  const found = {
    name,
    template: config.template,
    documentRoot,
    writable,
    ...(caches.length > 0 ? { caches } : {}),
  };
  const file = join(root, configName);
  try {
    writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`, { flag: 'wx' });
  } catch (error) {
    const isThere = errnoOf(error) === 'EEXIST';
    const code = isThere ? 'PHPACK_E_CONFIG_EXISTS' : 'PHPACK_E_OUTPUT';
    const seen = `${file} ${isThere ? 'exists' : `cannot be written: ${errnoOf(error)}`}`;
    throw new PackagerError(code, seen, { cause: error });
  }
  io.stdout(`${file}: ${template.title}. All keys: docs/reference/config.md\n`);
}
