import { compileGlob } from '../../../contract/served/glob.ts';

/** `rules`: glob → value of `Cache-Control`; the first that matches counts. */
export function cacheControlRule(
  rules: Readonly<Record<string, string>>,
): (name: string) => string | null {
  const compiled = Object.entries(rules).map(([glob, value]) => ({
    pattern: compileGlob(glob),
    value,
  }));
  return (name) => compiled.find(({ pattern }) => pattern.test(name))?.value ?? null;
}
