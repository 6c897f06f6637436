/** Rules of paths that both sides keep to. None of them looks at the disk. */

/** Whether a path is `root` or below it; both absolute, or both relative and clean. */
export function isInside(path: string, root: string): boolean {
  return (
    path.startsWith(root) && (path.length === root.length || path[root.length] === '/')
  );
}

export function isInsideAny(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => isInside(path, root));
}

/** Relative, below where it starts, and in one spelling: none of `a//b`, `./a`, `a/../b`. */
export function isCleanPath(path: string): boolean {
  const parts = path.split('/');
  const isClean = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  return isClean && !path.includes('\0');
}

/** Of a normalised relative path, such as node:path's `relative` gives. */
export function leadsOutside(path: string): boolean {
  return path === '..' || path.startsWith('../');
}

/** `dir/` declares a directory. */
export function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}

/** As `isInside`, of declared paths: with a slash at the end or without. */
export function isBelow(path: string, directory: string): boolean {
  return isInside(withoutSlash(path), withoutSlash(directory));
}
