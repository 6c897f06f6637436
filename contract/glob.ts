/**
 * The globs of phpack.json, of flags and of templates: relative to a root, anchored at both
 * ends. `*` and `?` stay within one name and match a leading dot, `**` between slashes
 * stands for any number of directories, `{a,b}` for alternatives (also empty ones), `[a-z]`
 * for one character and `[!a-z]` or `[^a-z]` for one other. `dir/` and `dir/**` are a
 * directory and all that is in it. A backslash is itself.
 *
 * Packager and front have to agree on every one: what `deny` matches in only one of them
 * is served, or is reported and is not. A glob that other tools read in two ways is
 * therefore malformed here: it would close less than its author believes.
 */
export type Matcher = (path: string) => boolean;

/** Matches a path when one of the globs does. Throws SyntaxError for a malformed glob. */
export function compileGlobs(globs: readonly string[]): Matcher {
  const expanded = globs.flatMap(expandBraces);
  const byName = compileAll(expanded.filter(isOfName).map((glob) => glob.slice(3)));
  const byPath = compileAll(expanded.filter((glob) => !isOfName(glob)));
  return (path) =>
    (byName?.test(path.slice(path.lastIndexOf('/') + 1)) ?? false) ||
    (byPath?.test(path) ?? false);
}

/** Matches also what lies below a match. Throws SyntaxError for a malformed glob. */
export function compileTreeGlobs(globs: readonly string[]): Matcher {
  const pattern = compileAll(globs.flatMap(expandBraces), '(?:/.*)?');
  return (path) => pattern?.test(path) ?? false;
}

// A glob that asks only for the last name: asked of it alone, it takes a quarter of the
// time.
function isOfName(glob: string): boolean {
  return /^\*\*\/[^/]+$/.test(glob);
}

function compileAll(globs: readonly string[], tail = ''): RegExp | null {
  if (globs.length === 0) return null;
  return new RegExp(`^(?:${globs.map(segmentsToRegExp).join('|')})${tail}$`, 'su');
}

/** `a{b,c{d,e}}` → `ab`, `acd`, `ace`. Throws SyntaxError for an open brace. */
export function expandBraces(glob: string): string[] {
  const open = glob.indexOf('{');
  if (open < 0) return [glob];
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < glob.length; at++) {
    const char = glob[at];
    if (char === '{') depth++;
    else if (char === '}') depth--;
    if ((char === ',' && depth === 1) || depth === 0) {
      parts.push(glob.slice(start, at));
      start = at + 1;
    }
    if (depth === 0) {
      const before = glob.slice(0, open);
      const after = glob.slice(at + 1);
      return parts.flatMap((part) => expandBraces(before + part + after));
    }
  }
  throw new SyntaxError(`${glob}: a brace is not closed`);
}

function segmentsToRegExp(glob: string): string {
  const segments = glob.replace(/^\/+/, '').replace(/\/$/, '/**').split('/');
  let source = '';
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment !== '**') {
      const isBeforeRest = index === segments.length - 2 && segments.at(-1) === '**';
      source += nameToRegExp(segment, glob) + (isLast || isBeforeRest ? '' : '/');
    } else if (!isLast) {
      source += '(?:[^/]+/)*';
    } else {
      source += index === 0 ? '.*' : '(?:/.*)?';
    }
  }
  return source;
}

/** The pattern of a glob without slashes and braces, for names. Throws SyntaxError. */
export function nameToRegExp(segment: string, glob: string = segment): string {
  if (segment.includes('**')) {
    throw new SyntaxError(`${glob}: ** stands between slashes, for directories`);
  }
  let source = '';
  for (let at = 0; at < segment.length; at++) {
    const char = segment[at]!;
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      // The first member may be the bracket itself.
      const first = at + (/[!^]/.test(segment[at + 1] ?? '') ? 2 : 1);
      const end = segment.indexOf(']', first + 1);
      if (end < 0) throw new SyntaxError(`${glob}: a bracket is not closed`);
      source += classToRegExp(segment.slice(at, end + 1), glob);
      at = end;
    } else source += escape(char);
  }
  return source;
}

function classToRegExp(text: string, glob: string): string {
  const isNegated = /^\[[!^]/.test(text);
  const members = text.slice(isNegated ? 2 : 1, -1).replace(/[\\\][^]/g, '\\$&');
  try {
    void new RegExp(`[${members}]`, 'u');
  } catch {
    throw new SyntaxError(`${glob}: ${text} has a range from back to front`);
  }
  // A range may have the slash in it.
  return isNegated ? `[^/${members}]` : `(?!/)[${members}]`;
}

function escape(char: string): string {
  return /[\\^$.|+()[\]{}*?/]/.test(char) ? `\\${char}` : char;
}
