import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { aptDownload, candidates, type IndexedFile } from './debian.ts';
import { machineMirrors, poolDirectory, readSignedIndexes } from './debian.ts';
import type { Pin, Source } from './sources.ts';

/** Where bytes come from; a parameter so that the order can be tested without a network. */
export interface Origins {
  /** The project's own address. */
  upstream(url: string, pin: Pin, to: string): Promise<void>;
  /** The pinned file, straight from the pool of the machine's Debian mirror. */
  debianPool(source: Source, to: string): Promise<void>;
  /** What the signed index has of the series, newest first; empty without an index. */
  newestOfSeries(source: Source): Promise<IndexedFile[]>;
  apt(uri: string, to: string): Promise<void>;
}

const connectMs = 6000;
const stallMs = 20_000;
/** So many hosts that do not answer mean that the projects' sites cannot be reached. */
const deadHosts = 3;

/** Downloads with limits on connecting, on silence, and on the size. */
async function download(url: string, pin: Pin, to: string): Promise<void> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), connectMs);
  const postpone = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), stallMs);
  };
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || !response.body) throw new Error(`${url}: ${response.status}`);
    postpone();
    let bytes = 0;
    const limit = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        postpone();
        bytes += chunk.length;
        done(
          bytes > (pin.size ?? Number.POSITIVE_INFINITY) ? new Error('too long') : null,
          chunk,
        );
      },
    });
    await pipeline(
      Readable.fromWeb(response.body),
      limit,
      createWriteStream(to, { flags: 'wx' }),
    );
  } finally {
    clearTimeout(timer);
  }
}

/** The real origins. `note` hears once when the projects' sites cannot be reached. */
export function networkOrigins(cache: string, note: (text: string) => void): Origins {
  const mirrors = machineMirrors();
  const dead = new Set<string>();
  let isAlive = false;
  let indexes: ReturnType<typeof readSignedIndexes> | undefined;

  return {
    async upstream(url, pin, to) {
      if (!isAlive && dead.size >= deadHosts)
        throw new Error("the projects' own sites do not answer");
      try {
        await download(url, pin, to);
        isAlive = true;
      } catch (error) {
        dead.add(new URL(url).host);
        if (!isAlive && dead.size === deadHosts) {
          note("the projects' own sites do not answer: using Debian's archive");
        }
        throw error;
      }
    },
    async debianPool(source, to) {
      const path = `${poolDirectory(source.debian.package)}/${source.debian.file}`;
      let last = new Error('this machine has no Debian mirror');
      for (const base of [...mirrors.main, ...mirrors.security]) {
        try {
          return await aptDownload(`${base}/${path.replaceAll('+', '%2b')}`, to);
        } catch (error) {
          last = error as Error;
        }
      }
      throw last;
    },
    async newestOfSeries(source) {
      if (mirrors.main.length === 0) return [];
      try {
        indexes ??= readSignedIndexes(join(cache, 'apt', 'sources'), mirrors);
        return candidates(source, await indexes);
      } catch {
        return []; // no network, no keys or no apt: there is no index then
      }
    },
    apt: aptDownload,
  };
}
