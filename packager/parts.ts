import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { cacheRoot } from '../static-php-build/cache.ts';
import { home } from './base/home.ts';
import { cachedFile, cacheKey } from './cache.ts';
import { runScript } from './child.ts';
import { PackagerError } from './errors.ts';
import { parseJson, readTextIfExists } from './project/json.ts';
import type { Substitute } from '../contract/manifest.ts';
import type { PhpFacts } from './project/requirements.ts';
import type { Target } from './targets.ts';

/** What every product of a target has in common. */
export interface Parts {
  base: string;
  php: string;
  channel: string;
  /** Describes `php`; products carry it. */
  libphp: string;
  facts: LibphpFacts;
}

/** What libphp.json says. */
export interface LibphpFacts extends PhpFacts {
  /** Of the ELF. */
  sha256: string;
  /** Newer versions that stand in for pinned sources. */
  substitutes: readonly Substitute[];
}

const partsRecord = z.object({
  base: z.string(),
  php: z.string(),
  channel: z.string(),
  libphp: z.string(),
});

const phpResult = z.looseObject({ php: z.string(), manifest: z.string() });

/** libphp.json, as far as the packager needs it. */
const libphp = z.looseObject({
  php: z.looseObject({ version: z.string(), sha256: z.string() }),
  extensions: z.array(z.looseObject({ name: z.string() })),
  components: z.array(
    z.looseObject({
      name: z.string(),
      version: z.string(),
      substituteFor: z.optional(z.string()),
    }),
  ),
});

/**
 * All that decides about the parts; a change of any file makes their builders ask again.
 */
const sources = [
  'contract',
  'runtime',
  'native',
  'static-php-build',
  'packager/base',
  'package.json',
];

export interface PartsOptions {
  target: Target;
  /** Newer versions may stand in for sources of PHP that are no longer available. */
  allowSubstitutes: boolean;
  /** What is in the cache is compared with the pins once more. */
  isLocked: boolean;
  /** Gets the builders' own progress. */
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/**
 * The parts, built when they are not in the cache: half an hour the first time, then
 * never again. Throws PHPACK_E_PARTS, PHPACK_E_NOT_PINNED and PHPACK_E_TOOL.
 */
export async function locateParts(options: PartsOptions): Promise<Parts> {
  const file = recordFile(options);
  const known = options.isLocked ? null : readRecord(file);
  if (known) return known;
  const record = await buildParts(options);
  await cachedFile(file, (scratch) => writeFileSync(scratch, JSON.stringify(record)));
  return { ...record, facts: readFacts(record.libphp) };
}

/**
 * Where the paths of the parts are remembered for as long as no source changes: apart,
 * what may hold substitutes.
 */
export function recordFile({
  target,
  allowSubstitutes,
}: Pick<PartsOptions, 'target' | 'allowSubstitutes'>): string {
  const key = cacheKey([target.name, allowSubstitutes ? 'any' : 'pinned', fingerprint()]);
  return join(locateCache(), 'parts', `${key}.json`);
}

function locateCache(): string {
  try {
    return cacheRoot();
  } catch (cause) {
    const remedy = 'Name another directory with XDG_CACHE_HOME.';
    throw new PackagerError('PHPACK_E_PARTS', (cause as Error).message, {
      remedy,
      cause,
    });
  }
}

async function buildParts(options: PartsOptions): Promise<z.infer<typeof partsRecord>> {
  const { target, onLine, signal, allowSubstitutes, isLocked } = options;
  const tool = (label: string, script: string, args: string[] = []): Promise<string> =>
    runScript({ label, script: join(home, script), args, onLine, signal });
  const sapi = join(home, 'native/php-sapi');
  const include = join(home, 'native/channel');
  const printed = await tool('PHP', 'static-php-build/build.ts', [
    '--sapi',
    sapi,
    '--include',
    include,
    ...(allowSubstitutes ? ['--allow-substitutes'] : []),
    ...(isLocked ? ['--locked'] : []),
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
  return { base, php, channel, libphp: manifest };
}

/** Null when one of the files is gone: somebody emptied a part of the cache. */
function readRecord(file: string): Parts | null {
  const text = readTextIfExists(file);
  if (text === null) return null;
  const record = parseJson(text, partsRecord, file, 'PHPACK_E_PARTS');
  if (!Object.values(record).every((path) => existsSync(path))) return null;
  return { ...record, facts: readFacts(record.libphp) };
}

export function readFacts(file: string): LibphpFacts {
  const text = readFileSync(file, 'utf8');
  const { php, extensions, components } = parseJson(text, libphp, file, 'PHPACK_E_PARTS');
  return {
    version: php.version,
    sha256: php.sha256,
    extensions: extensions.map(({ name }) => name),
    substitutes: components.flatMap(({ name, version, substituteFor: pinned }) =>
      pinned === undefined ? [] : { name, version, pinned },
    ),
  };
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
