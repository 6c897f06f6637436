import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const houses = [
  'contract',
  'packager',
  'runtime',
  'native',
  'static-php-build',
  'bench',
  'bootstrap',
];

/** What each house may import of the others: exact files, or a whole folder with `/`. */
const allowed: Record<string, readonly string[]> = {
  contract: [],
  packager: ['contract/', 'static-php-build/cache.ts', 'static-php-build/doctor.ts'],
  runtime: ['contract/'],
  native: ['static-php-build/cache.ts'],
  'static-php-build': [],
  bench: ['packager/', 'test/'],
  bootstrap: ['static-php-build/', 'test/', 'bench/', 'packager/'],
};

function listSources(dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return listSources(path);
    return /\.(ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g);
  return [...found].map((m) => relative(root, join(root, dirname(file), m[1]!)));
}

function violationsIn(house: string): string[] {
  return listSources(house).flatMap((file) =>
    importsOf(file)
      .filter((target) => !target.startsWith(`${house}/`))
      .filter((target) => !target.endsWith('package.json'))
      .filter(
        (target) =>
          !allowed[house]!.some((a) =>
            a.endsWith('/') ? target.startsWith(a) : target === a,
          ),
      )
      .map((target) => `${file} imports ${target}`),
  );
}

test.each(houses)('%s imports only what the house rules allow', (house) => {
  expect(violationsIn(house)).toEqual([]);
});

test('only runtime/native.ts loads the addon', () => {
  const loaders = listSources('runtime').filter((file) =>
    /process\.dlopen|require\([^)]*\.node['"]/.test(
      readFileSync(join(root, file), 'utf8'),
    ),
  );
  expect(loaders.filter((f) => f !== 'runtime/native.ts')).toEqual([]);
});
