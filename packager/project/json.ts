import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { errnoOf, type ErrorCode, PackagerError } from '../errors.ts';

z.config(z.locales.en());

/** Text of a file, or null when there is none. Throws PHPACK_E_UNREADABLE. */
export function readTextIfExists(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new PackagerError('PHPACK_E_UNREADABLE', `${file} cannot be read: ${code}`, {
      cause: error,
    });
  }
}

/** Parses a file's text; what is wrong is said with the place in it. Throws `code`. */
export function parseJson<T>(
  text: string,
  schema: z.ZodMiniType<T>,
  file: string,
  code: ErrorCode,
): T {
  let value: unknown;
  try {
    // Editors of Windows begin a file with a mark, which nobody sees.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PackagerError(code, `${file} is not JSON: ${why}`, { cause: error });
  }
  const twice = code === 'PHPACK_E_CONFIG' ? repeatedKey(text) : null;
  if (twice !== null) throw new PackagerError(code, `${file}: ${twice} is there twice`);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw new PackagerError(code, `${file}: ${faults.join('; ')}`);
}

/** Of two equal keys, JSON.parse() keeps the last without a word. `text` is valid JSON. */
function repeatedKey(text: string): string | null {
  const objects: Set<string>[] = [];
  let word = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/g)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (token !== ':') word = token;
    else if (objects.at(-1)?.has(word)) return word;
    else objects.at(-1)?.add(word);
  }
  return null;
}
