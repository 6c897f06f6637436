import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { extensionsOf } from '../../../static-php-build/extensions.ts';
import { findSource } from '../../../static-php-build/sources.ts';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('README.md says which PHP it is, and how many extensions it has', () => {
  const [, version, count] =
    /\*\*Real PHP (\d+\.\d+)\*\* with (\d+) extensions/.exec(read('README.md')) ?? [];
  expect(findSource('php').series).toBe(`${version}.`);
  expect(Number(count)).toBe(extensionsOf('full').length);
});

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = text.matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*.md', 'native/**/*.md'], {
  cwd: root,
});

test.each(pages)('%s links to pages and headings that exist', (page) => {
  const broken = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
    .filter(([, path, anchor]) => {
      const target = path ? join(dirname(page), path) : page;
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).has(anchor);
    })
    .map(([link]) => link);
  expect(broken).toEqual([]);
});
