export function isInsideAny(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => isInside(path, root));
}

/** Whether a path is `root` or below it; both absolute, or both relative and clean. */
export function isInside(path: string, root: string): boolean {
  return (
    path.startsWith(root) && (path.length === root.length || path[root.length] === '/')
  );
}
