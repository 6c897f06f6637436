import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LATEST_TIME } from '../payload/times.ts';

/** What there was to see of attempts to write where the code is, as a warning; or null. */
export function warnOfWrites(
  dataDir: string,
  known: ReadonlySet<string>,
  complaints: readonly string[],
): string | null {
  const declare = 'declare such paths under `writable` in phpack.json';
  // The right to write read-only files is root's alone, and so is the fault's invisibility.
  const written = process.geteuid!() === 0 ? findWritten(dataDir, known) : [];
  if (written.length > 0) {
    const more = written.length > 5 ? ` and ${written.length - 5} more` : '';
    const list = written.slice(0, 5).join(', ') + more;
    return `the app wrote to its own code, which only root can: ${list}; ${declare}`;
  }
  const refused = complaints.filter((line) => isRefusal.test(line));
  if (refused.length === 0) return null;
  const lines = refused.slice(0, 5).map((line) => line.replaceAll(treePath, ''));
  return `the app could not write to its own code; ${declare}:\n  ${lines.join('\n  ')}`;
}

const treePath = /\/\S*?\/app\/[0-9a-f]{64}-[0-9a-f]+\/tree\//g;
const isRefusal = /Permission denied|Read-only file system|readonly database/;

/** Files and directories that the archive does not have, or not like this. */
function findWritten(dataDir: string, known: ReadonlySet<string>): string[] {
  const app = join(dataDir, 'app');
  const [version] = readdirSync(app).filter((name) => /^[0-9a-f]{64}-/.test(name));
  return version === undefined ? [] : findIn(join(app, version, 'tree'), '', known);
}

function findIn(root: string, directory: string, known: ReadonlySet<string>): string[] {
  const entries = readdirSync(join(root, directory), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (!known.has(path)) return [path];
    if (entry.isDirectory()) return findIn(root, path, known);
    if (!entry.isFile()) return [];
    return lstatSync(join(root, path)).mtimeMs < LATEST_TIME * 1000 ? [] : [path];
  });
}
