import { toText } from '../../../contract/bytes.ts';
import { compileGlobs } from '../../../contract/glob.ts';

/**
 * `rules`: glob → value of `Cache-Control`; the first that matches counts. Names are binary
 * strings.
 */
export function cacheControlRule(
  rules: Readonly<Record<string, string>>,
): (name: string) => string | null {
  const compiled = Object.entries(rules).map(([glob, value]) => ({
    matches: compileGlobs([glob]),
    value,
  }));
  return (name) => {
    const text = toText(name);
    return compiled.find(({ matches }) => matches(text))?.value ?? null;
  };
}
