import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Directories below the document root which a `.htaccess` closes to everybody, relative to
 * it: apps that are made for Apache keep their data there. Nothing else of such files is
 * read: where they rewrite to is the front controller's part here. Of a directory in which
 * another one is opened again, its files and all other directories.
 */
export function closedDirectories(root: string, documentRoot: string): string[] {
  return findIn(join(root, documentRoot), '', false).closed;
}

interface Found {
  closed: string[];
  /** All of it, or a directory in it. */
  isOpen: boolean;
}

/** Apache takes the innermost word; without one, what holds around the directory. */
function findIn(docroot: string, directory: string, isAroundClosed: boolean): Found {
  const entries = list(join(docroot, directory));
  const text = entries.some(({ name }) => name === '.htaccess')
    ? read(join(docroot, directory, '.htaccess'))
    : '';
  const closes = directory !== '' && closesAll(text);
  const isClosed = !opening.test(text) && (closes || isAroundClosed);
  const inner = entries
    .filter((entry) => entry.isDirectory() && !isOfTools.test(entry.name))
    .map(({ name }) => findIn(docroot, below(directory, name), isClosed));
  const isOpen = !isClosed || inner.some((one) => one.isOpen);
  if (!isOpen) return { closed: [directory], isOpen };
  const files = entries.filter((entry) => isClosed && !entry.isDirectory());
  const closed = files.map(({ name }) => below(directory, name));
  return { closed: [...closed, ...inner.flatMap((one) => one.closed)], isOpen };
}

function below(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** Left out of every product, and full of directories. */
const isOfTools = /^(?:node_modules|\.git|\.svn|\.hg)$/;

const opening = /^\s*(?:allow\s+from\s+all|require\s+all\s+granted)\s*$/im;
const closing = /^(?:deny\s+from\s+all|require\s+all\s+denied)(?:\s+#.*)?$/i;
/** The same by mod_rewrite and mod_alias: whatever the name is, it is forbidden or gone. */
const refusing = [
  /^RewriteRule\s+(?:\^|\.|\^?\(?\.[*+]\)?\$?)\s+-\s+"?\[(?:\w+,)*(?:F|G|R=40[34])\b[^\]]*\]"?$/i,
  /^Redirect(?:Match\s+40[34]\s+(?:\^|\^?\/?\(?\.[*+]\)?\$?)|\s+40[34]\s+\/)$/i,
];
/** Lets somebody in, or says who may: an exception, or no closed directory. */
const admitting = /^(?:allow\s+from|require)\s/i;
/** Sections that hold for all of the directory, whichever Apache it is. */
const transparent =
  /^<(?:If(?:Module|Version|Define)\b|RequireAll\b|Limit\s[^>]*\bGET\b|Files(?:Match)? +["']?(?:\*|\^?\.[*+]?\$?)["']? *>)/i;

/** What else a file says does not open what it closes. */
function closesAll(text: string): boolean {
  const sections: boolean[] = [];
  let closes = false;
  let hasExceptions = false;
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line.startsWith('</')) sections.pop();
    else if (line.startsWith('<')) sections.push(transparent.test(line));
    else if (closing.test(line)) closes ||= sections.every(Boolean);
    else if (admitting.test(line)) return false;
    else if (refusing.some((one) => one.test(line)))
      closes ||= !hasExceptions && sections.every(Boolean);
    else if (/^Rewrite(?:Cond|Rule)\s/i.test(line)) hasExceptions = true;
  }
  return closes;
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
