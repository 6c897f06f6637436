import { toBinary } from '../bytes.ts';

/**
 * `*` matches within one name, `**` across directories, `?` one character, `{a,b}`
 * either, `[a-z]` one of. A leading slash means nothing; a trailing one stands for
 * everything below.
 */
export function compileGlob(glob: string): RegExp {
  return new RegExp(`^${globToPattern(glob)}$`, 's');
}

/** Matches what one of the globs matches, and what lies below it. */
export function compileTreeGlobs(globs: readonly string[]): RegExp | null {
  if (globs.length === 0) return null;
  return new RegExp(`^(?:${globs.map(globToPattern).join('|')})(?:/.*)?$`, 's');
}

/** Matches exactly what one of the globs matches. */
export function compileGlobs(globs: readonly string[]): RegExp | null {
  if (globs.length === 0) return null;
  return new RegExp(`^(?:${globs.map(globToPattern).join('|')})$`, 's');
}

const tokens =
  /\*\*\/|\/\*\*$|\*\*|\*|\?|\[!?[^\]/]+\]|\{|\}|,|[\\^$.|+()[\]/]|[^*?[\]{},\\^$.|+()/]+/g;

function globToPattern(glob: string): string {
  const text = toBinary(glob).replace(/^\/+/, '').replace(/\/$/, '/**');
  let depth = 0;
  let pattern = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{') depth++;
    pattern += translate(token, depth);
    if (token === '}' && depth > 0) depth--;
  }
  return pattern + ')'.repeat(depth);
}

function translate(token: string, depth: number): string {
  switch (token) {
    case '**/':
      return '(?:.*/)?';
    // `dir/**` names what is in the directory, and the directory.
    case '/**':
      return '(?:/.*)?';
    case '**':
      return '.*';
    case '*':
      return '[^/]*';
    case '?':
      return '[^/]';
    case '{':
      return '(?:';
    case '}':
      return depth > 0 ? ')' : '\\}';
    case ',':
      return depth > 0 ? '|' : ',';
    default:
      if (token.length > 2 && token.startsWith('[')) return translateClass(token);
      return token.replace(/[\\^$.|+()[\]/]/g, '\\$&');
  }
}

function translateClass(token: string): string {
  const isNegated = token[1] === '!';
  const content = token.slice(isNegated ? 2 : 1, -1).replace(/[\\^[]/g, '\\$&');
  return isNegated ? `[^/${content}]` : `[${content}]`;
}
