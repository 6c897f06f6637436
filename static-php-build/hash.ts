import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** SHA-256 of a file's bytes, streamed, as lower-case hex. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Hash of any JSON-able value; key order is the caller's, so keep literals literal. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 20);
}

/** Hash over names and contents of all files below the directories, in sorted order. */
export function hashTree(
  dirs: readonly string[],
  match: (name: string) => boolean,
): string {
  const hash = createHash('sha256');
  for (const dir of dirs) {
    const names = readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile() && match(e.name))
      .map((e) => join(e.parentPath, e.name))
      .sort();
    for (const name of names) {
      hash.update(`${name.slice(dir.length)}\0`);
      hash.update(readFileSync(name));
    }
    hash.update('\0\0');
  }
  return hash.digest('hex').slice(0, 20);
}
