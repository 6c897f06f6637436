import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Directories below the document root which a `.htaccess` closes to everybody, relative to
 * it: apps that are made for Apache keep their data there. Nothing else of such files is
 * read: what they rewrite is the front controller's part here.
 */
export function closedDirectories(root: string, documentRoot: string): string[] {
  return findIn(join(root, documentRoot), '').closed;
}

interface Found {
  closed: string[];
  /** Something below is opened again: Apache takes the innermost word. */
  isOpened: boolean;
}

function findIn(docroot: string, directory: string): Found {
  const entries = list(join(docroot, directory));
  const text = entries.some(({ name }) => name === '.htaccess')
    ? read(join(docroot, directory, '.htaccess'))
    : '';
  const inner = entries
    .filter((entry) => entry.isDirectory() && !isOfTools.test(entry.name))
    .map(({ name }) => findIn(docroot, directory === '' ? name : `${directory}/${name}`));
  const closed = inner.flatMap((one) => one.closed);
  const isOpened = opening.test(text) || inner.some((one) => one.isOpened);
  const isClosed = directory !== '' && !isOpened && closesAll(text);
  return { closed: isClosed ? [directory] : closed, isOpened };
}

/** Left out of every product, and full of directories. */
const isOfTools = /^(?:node_modules|\.git|\.svn|\.hg)$/;

const opening = /^\s*(?:allow\s+from\s+all|require\s+all\s+granted)\s*$/im;
const closing = /^(?:deny\s+from\s+all|require\s+all\s+denied)$/i;
/** Sections that hold for all of the directory, whichever Apache it is. */
const transparent =
  /^<\/?(?:If(?:Module|Version|Define)|RequireAll|Limit)\b|^<Files(?:Match)? +["']?(?:\*|\.\*?)["']? *>$|^<\/Files(?:Match)?>$/i;
const neutral = /^(?:order|options|satisfy|indexignore|errordocument|php_\w+)\s/i;

/** Only a file that says nothing but this: an exception for some files is not understood. */
function closesAll(text: string): boolean {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return (
    lines.some((line) => closing.test(line)) &&
    lines.every((line) => [closing, transparent, neutral].some((one) => one.test(line)))
  );
}

/** What cannot be read is the archive's business, which says so. */
function list(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
