import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sha256File } from './hash.ts';
import type { FetchedSource } from './libraries.ts';
import type { Origins } from './origins.ts';
import { NotPinned } from './pins.ts';
import type { Progress } from './progress.ts';
import type { Pin, Source } from './sources.ts';

export interface FetchOptions {
  cache: string;
  /** Whether the newest of a series may stand in for a pinned file that is nowhere. */
  allowSubstitutes: boolean;
  origins: Origins;
  progress: Progress;
}

/** What is remembered of a file that stands in for a pinned one. */
interface Substitute extends Required<Pin> {
  /** Hash of the pinned file it stands in for. */
  for: string;
  version: string;
  file: string;
}

const downloadsAtOnce = 4;

const cachedPath = (cache: string, pin: Pin, file: string) =>
  join(cache, 'sources', `${pin.sha256.slice(0, 12)}-${file}`);

/** By name and size only: the hash is checked again when the file is unpacked. */
function isCached(path: string, pin: Pin): boolean {
  if (!existsSync(path)) return false;
  return pin.size === undefined || statSync(path).size === pin.size;
}

/**
 * Lets `download` fill a scratch file and moves it into the cache when its hash is the
 * pinned one. False when there is nothing usable: the next origin is asked.
 */
async function take(
  path: string,
  pin: Pin,
  options: FetchOptions,
  download: (to: string) => Promise<void>,
): Promise<boolean> {
  const scratch = mkdtempSync(join(options.cache, 'work', 'fetch-'));
  const file = join(scratch, 'file');
  try {
    await download(file);
    const hash = await sha256File(file);
    if (hash !== pin.sha256) {
      options.progress.warn(`${basename(path)}: got a file with another hash (${hash})`);
      return false;
    }
    renameSync(file, path);
    return true;
  } catch {
    return false; // unreachable or gone: expected, there are other origins
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const substituteRecord = (cache: string, source: Source) =>
  join(cache, 'sources', `${source.name}.substitute.json`);

function rememberedSubstitute(cache: string, source: Source): Substitute | undefined {
  try {
    const text = readFileSync(substituteRecord(cache, source), 'utf8');
    const record = JSON.parse(text) as Substitute;
    const path = cachedPath(cache, record, record.file);
    return record.for === source.sha256 && isCached(path, record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function asFetched(source: Source, cache: string, pin: Pin, file: string): FetchedSource {
  const path = cachedPath(cache, pin, file);
  return { name: source.name, version: source.version, path, sha256: pin.sha256 };
}

function substituted(source: Source, cache: string, record: Substitute): FetchedSource {
  const { version, file } = record;
  return {
    ...asFetched(source, cache, record, file),
    version,
    substituteFor: source.version,
  };
}

function warnOfSubstitute(
  source: Source,
  record: Substitute,
  options: FetchOptions,
): void {
  options.progress.warn(
    `${source.name} ${source.version} is no longer available: using ${record.version} ` +
      `(${record.file}) from Debian's signed index instead, as --allow-substitutes says. It is ` +
      `recorded in libphp.json; remove ${substituteRecord(options.cache, source)} to try again.`,
  );
}

async function findSubstitute(
  source: Source,
  options: FetchOptions,
): Promise<FetchedSource | undefined> {
  for (const found of await options.origins.newestOfSeries(source)) {
    const { version, file, sha256, size, uri } = found;
    const path = cachedPath(options.cache, found, file);
    const isTaken = await take(path, found, options, (to) =>
      options.origins.apt(uri, to),
    );
    if (!isTaken) continue;
    const record: Substitute = { for: source.sha256, version, file, sha256, size };
    writeFileSync(substituteRecord(options.cache, source), `${JSON.stringify(record)}\n`);
    warnOfSubstitute(source, record, options);
    return substituted(source, options.cache, record);
  }
  return undefined;
}

/** The second name a source is cached under: upstream's, where Debian repacked. */
function upstreamFile(source: Source): [file: string, pin: Pin] | undefined {
  if (source.urlPin === undefined || source.urlPin === 'none') return undefined;
  return [basename(source.url), source.urlPin];
}

function findCached(source: Source, options: FetchOptions): FetchedSource | undefined {
  const { cache } = options;
  const files = [[source.debian.file, source] as const, upstreamFile(source)];
  for (const [file, pin] of files.filter((f) => f !== undefined)) {
    if (isCached(cachedPath(cache, pin, file), pin))
      return asFetched(source, cache, pin, file);
  }
  const record = options.allowSubstitutes
    ? rememberedSubstitute(cache, source)
    : undefined;
  if (!record) return undefined;
  warnOfSubstitute(source, record, options);
  return substituted(source, cache, record);
}

/**
 * One source: from the cache, from its project, from Debian's archive; where that is
 * allowed, at last the newest of its series. Throws NotPinned when all of that fails.
 */
export async function fetchSource(
  source: Source,
  options: FetchOptions,
): Promise<FetchedSource> {
  const cached = findCached(source, options);
  if (cached) return cached;
  const { cache, origins } = options;
  for (const dir of ['sources', 'work']) mkdirSync(join(cache, dir), { recursive: true });
  const path = cachedPath(cache, source, source.debian.file);
  const fromUrl = (pin: Pin) => (to: string) => origins.upstream(source.url, pin, to);
  const fromDebian = (to: string) => origins.debianPool(source, to);
  const isPlain = source.urlPin === undefined;
  const isHere =
    (isPlain && (await take(path, source, options, fromUrl(source)))) ||
    (await take(path, source, options, fromDebian));
  if (isHere) return asFetched(source, cache, source, source.debian.file);
  const [file = '', pin] = upstreamFile(source) ?? [];
  if (pin && (await take(cachedPath(cache, pin, file), pin, options, fromUrl(pin)))) {
    return asFetched(source, cache, pin, file);
  }
  const { allowSubstitutes } = options;
  const other = allowSubstitutes ? await findSubstitute(source, options) : undefined;
  if (other) return other;
  throw new NotPinned(
    `${source.name} ${source.version}: ${source.debian.file} could be had neither from ` +
      `${source.url} nor from Debian's archive; put it at ${path}` +
      (allowSubstitutes ? '' : ', or allow others of its series: --allow-substitutes'),
  );
}

/** All of them, a few at a time, by name. */
export async function fetchSources(
  wanted: readonly Source[],
  options: FetchOptions,
): Promise<Map<string, FetchedSource>> {
  const fetched = new Map<string, FetchedSource>();
  const missing = wanted.filter((source) => {
    const found = findCached(source, options);
    if (found) fetched.set(source.name, found);
    return !found;
  });
  if (missing.length === 0) return fetched;
  const total = missing.reduce((sum, source) => sum + source.size, 0);
  const size = `${Math.round(total / 1e6)} MB`;
  const step = options.progress.step(`downloading ${missing.length} sources, ${size}`);
  const queue = missing.toSorted((a, b) => b.size - a.size);
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      fetched.set(next.name, await fetchSource(next, options));
    }
  };
  await Promise.all(Array.from({ length: downloadsAtOnce }, worker));
  step.end();
  return fetched;
}

/** Throws unless the file is still what was fetched; a cache is not to be trusted. */
export async function verifyFetched(source: FetchedSource): Promise<void> {
  if ((await sha256File(source.path)) === source.sha256) return;
  throw new Error(`${source.path} has changed since it was downloaded: remove it`);
}
