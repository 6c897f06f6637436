import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { home } from './base/home.ts';
import { cachedFile, cacheKey, cacheRoot } from './cache.ts';
import { runScript } from './child.ts';
import { PackagerError } from './errors.ts';
import { parseJson, readTextIfExists } from './project/json.ts';
import type { PhpFacts } from './project/requirements.ts';
import type { Target } from './targets.ts';

/** What every product of a target has in common. */
export interface Parts {
  base: string;
  php: string;
  channel: string;
  facts: PhpFacts;
}

const partsRecord = z.object({
  base: z.string(),
  php: z.string(),
  channel: z.string(),
  manifest: z.string(),
});

const phpResult = z.looseObject({ php: z.string(), manifest: z.string() });

/** libphp.json, as far as the packager needs it. */
const libphp = z.looseObject({
  php: z.looseObject({ version: z.string() }),
  extensions: z.array(z.looseObject({ name: z.string() })),
});

/**
 * All that decides about the parts; a change of any file makes their builders ask again.
 */
const sources = [
  'runtime',
  'native',
  'static-php-build',
  'packager/base',
  'package.json',
];

export interface PartsOptions {
  target: Target;
  /** Gets the builders' own progress. */
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/**
 * The parts, built when they are not in the cache: half an hour the first time, then
 * never again. Throws PHPACK_E_PARTS and PHPACK_E_TOOL.
 */
export async function locateParts(options: PartsOptions): Promise<Parts> {
  const file = recordFile(options.target);
  const known = readRecord(file);
  if (known) return known;
  const record = await buildParts(options);
  await cachedFile(file, (scratch) => writeFileSync(scratch, JSON.stringify(record)));
  return { ...record, facts: readFacts(record.manifest) };
}

/** Where the paths of the parts are remembered for as long as no source changes. */
export function recordFile(target: Target): string {
  const key = cacheKey([target.name, fingerprint()]);
  return join(cacheRoot(), 'parts', `${key}.json`);
}

async function buildParts(options: PartsOptions): Promise<z.infer<typeof partsRecord>> {
  const { target, onLine, signal } = options;
  const tool = (label: string, script: string, args: string[] = []): Promise<string> =>
    runScript({ label, script: join(home, script), args, onLine, signal });
  const sapi = join(home, 'native/php-sapi');
  const include = join(home, 'native/channel');
  const printed = await tool('PHP', 'static-php-build/build.ts', [
    '--sapi',
    sapi,
    '--include',
    include,
  ]);
  const { php, manifest } = parseJson(
    printed,
    phpResult,
    'static-php-build',
    'PHPACK_E_PARTS',
  );
  const channel = await tool('the addon', 'native/channel/build.ts');
  const base = await tool('the base', 'packager/base/build.ts', [
    '--target',
    target.name,
  ]);
  return { base, php, channel, manifest };
}

/** Null when one of the files is gone: somebody emptied a part of the cache. */
function readRecord(file: string): Parts | null {
  const text = readTextIfExists(file);
  if (text === null) return null;
  const record = parseJson(text, partsRecord, file, 'PHPACK_E_PARTS');
  if (!Object.values(record).every((path) => existsSync(path))) return null;
  return { ...record, facts: readFacts(record.manifest) };
}

export function readFacts(manifest: string): PhpFacts {
  const text = readFileSync(manifest, 'utf8');
  const { php, extensions } = parseJson(text, libphp, manifest, 'PHPACK_E_PARTS');
  return { version: php.version, extensions: extensions.map(({ name }) => name) };
}

/** By size and time, not content: it is computed at every build, in 10 ms. */
function fingerprint(): string {
  return sources
    .flatMap((source) => listFiles(source))
    .map((path) => {
      const { size, mtimeMs } = statSync(join(home, path));
      return `${path} ${size} ${mtimeMs}`;
    })
    .join('\n');
}

function listFiles(path: string): string[] {
  const absolute = join(home, path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (!stats) throw new PackagerError('PHPACK_E_PARTS', `${absolute} does not exist`);
  if (!stats.isDirectory()) return [path];
  return readdirSync(absolute)
    .sort()
    .flatMap((name) => listFiles(join(path, name)));
}
