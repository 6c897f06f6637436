import { closeSync, openSync, readSync } from 'node:fs';
import { lstatSync, statSync } from 'node:fs';
import { isAbsolute, join, normalize, resolve } from 'node:path';
import { leadsOutside } from '../../contract/paths.ts';
import { decodeOsText, toPath } from '../os-text.ts';
import { isExecutable } from '../payload/binary.ts';
import { findScript } from './cli-arguments.ts';

/** What the arguments of php-cli mean. */
export type CliPlan =
  | { kind: 'php'; args: string[] }
  /** A script of another language: `vendor/bin/drush` is one for sh. */
  | { kind: 'program'; file: string; args: string[] };

/**
 * Looks the script up: the caller's own file first, then a file of the app, by its
 * absolute path. A script that begins with another interpreter's `#!` is run by PHP's
 * version of it beside it (`drush.php`, which Composer makes), else by that interpreter.
 */
export function planCli(args: readonly string[], cwd: string, appRoot: string): CliPlan {
  const place = findScript(args);
  if (!place) return { kind: 'php', args: [...args] };
  const word = args[place.index]!;
  const name = word.slice(place.offset);
  const found = locate(name, cwd, appRoot);
  const replaceBy = (path: string): CliPlan => ({
    kind: 'php',
    args: args.with(place.index, word.slice(0, place.offset) + path),
  });
  const absolute = resolve(cwd, found);
  const interpreter = readInterpreter(absolute);
  if (!interpreter) return replaceBy(found);
  if (isFile(`${absolute}.php`)) return replaceBy(`${found}.php`);
  const [file, ...options] = interpreter;
  const isAlone = place.index === 0 && place.offset === 0;
  // With options of PHP before it, PHP was meant.
  if (!isAlone || file === undefined || !isExecutable(file)) return replaceBy(found);
  return { kind: 'program', file, args: [file, ...options, absolute, ...args.slice(1)] };
}

/** As given when it is the caller's or nobody's; absolute when it is the app's. */
function locate(name: string, cwd: string, appRoot: string): string {
  if (isAbsolute(name) || exists(resolve(cwd, name))) return name;
  const inside = normalize(name);
  const absolute = join(appRoot, inside);
  return leadsOutside(inside) || !isFile(absolute) ? name : absolute;
}

/** Words of a `#!` line that does not name PHP; null for all other files. */
function readInterpreter(path: string): string[] | null {
  const line = readFirstLine(path);
  if (!line.startsWith('#!') || /\bphp/.test(line)) return null;
  const words = line.slice(2).trim().split(/\s+/);
  return words[0]?.startsWith('/') ? words : null;
}

function readFirstLine(path: string): string {
  if (!isFile(path)) return '';
  let fd: number;
  try {
    fd = openSync(toPath(path), 'r');
  } catch {
    // PHP says what is wrong with it.
    return '';
  }
  try {
    const bytes = Buffer.alloc(256);
    return decodeOsText(bytes.subarray(0, readSync(fd, bytes))).split('\n', 1)[0]!;
  } finally {
    closeSync(fd);
  }
}

/** No script is a directory, nor what cannot be reached: `bin` is a file, or closed. */
function exists(path: string): boolean {
  try {
    return !lstatSync(toPath(path)).isDirectory();
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(toPath(path)).isFile();
  } catch {
    return false;
  }
}
