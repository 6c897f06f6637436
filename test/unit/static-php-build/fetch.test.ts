import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  fetchSource,
  fetchSources,
  verifyFetched,
} from '../../../static-php-build/fetch.ts';
import type { Origins } from '../../../static-php-build/origins.ts';
import { NotPinned } from '../../../static-php-build/pins.ts';
import type { Source } from '../../../static-php-build/sources.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const pinned = 'the pinned tarball';
const repacked = "upstream's own tarball";
const newer = 'a newer tarball';

const source: Source = {
  name: 'zebra',
  version: '1.2.3',
  series: '1.2.',
  sha256: sha256(pinned),
  size: pinned.length,
  licence: 'MIT',
  licenceFile: 'LICENSE',
  url: 'https://zebra.example/zebra-1.2.3.tar.gz',
  debian: { package: 'zebra', file: 'zebra_1.2.3.orig.tar.gz' },
};

let cache: string;
let asked: string[];
let warnings: string[];

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'phpack-fetch-'));
  asked = [];
  warnings = [];
});
afterEach(() => {
  rmSync(cache, { recursive: true, force: true });
});

function give(origin: string, text: string | undefined, to: string): Promise<void> {
  asked.push(origin);
  if (text === undefined) return Promise.reject(new Error('404'));
  writeFileSync(to, text);
  return Promise.resolve();
}

/** Origins that give these texts, or fail where there is none. */
function origins(
  texts: { upstream?: string; pool?: string; series?: [string, string][] } = {},
): Origins {
  return {
    upstream: (_url, _pin, to) => give('upstream', texts.upstream, to),
    debianPool: (_source, to) => give('pool', texts.pool, to),
    apt: (uri, to) => give(`apt ${uri}`, texts.series?.find(([u]) => u === uri)?.[1], to),
    newestOfSeries() {
      asked.push('index');
      const found = (texts.series ?? []).map(([uri, text]) => ({
        version: '1.2.9',
        file: 'zebra_1.2.9.orig.tar.gz',
        sha256: sha256(text),
        size: text.length,
        uri,
      }));
      return Promise.resolve(found);
    },
  };
}

const progress = {
  expect: () => {},
  step: () => ({ tell: () => {}, end: () => {} }),
  note: () => {},
  warn: (text: string) => void warnings.push(text),
};
const options = (from: Origins, allowSubstitutes = false) => {
  return { cache, allowSubstitutes, origins: from, progress };
};

describe('a source is looked for', () => {
  test("at the project's address first, and then nowhere else", async () => {
    const found = await fetchSource(source, options(origins({ upstream: pinned })));
    expect(readFileSync(found.path, 'utf8')).toBe(pinned);
    expect(found).toMatchObject({ version: '1.2.3', sha256: source.sha256 });
    expect(asked).toEqual(['upstream']);
  });

  test("in Debian's archive when the project does not answer", async () => {
    await fetchSource(source, options(origins({ pool: pinned })));
    expect(asked).toEqual(['upstream', 'pool']);
  });

  test('in the cache before anything else', async () => {
    await fetchSource(source, options(origins({ pool: pinned })));
    asked = [];
    await fetchSource(source, options(origins()));
    expect(asked).toEqual([]);
  });

  test("first in Debian's archive where the recipe knows the repacked file", async () => {
    const row: Source = { ...source, urlPin: { sha256: sha256(repacked) } };
    await fetchSource(row, options(origins({ upstream: repacked, pool: pinned })));
    expect(asked).toEqual(['pool']);
  });

  test("under the project's own hash when Debian has lost the repacked file", async () => {
    const row: Source = { ...source, urlPin: { sha256: sha256(repacked) } };
    const found = await fetchSource(row, options(origins({ upstream: repacked })));
    expect(found.sha256).toBe(sha256(repacked));
    expect(asked).toEqual(['pool', 'upstream']);
    asked = [];
    expect((await fetchSource(row, options(origins()))).sha256).toBe(sha256(repacked));
    expect(asked).toEqual([]);
  });
});

describe('a wrong file', () => {
  test('is refused wherever it comes from, and leaves nothing in the cache', async () => {
    const bad = origins({ upstream: 'manipulated', pool: 'manipulated, too' });
    await expect(fetchSource(source, options(bad))).rejects.toThrow(/1\.2\.3/);
    expect(readdirSync(join(cache, 'sources'))).toEqual([]);
    expect(readdirSync(join(cache, 'work'))).toEqual([]);
    expect(warnings.join()).toContain('another hash');
  });

  test('in the cache is fetched again when its size is wrong', async () => {
    const found = await fetchSource(source, options(origins({ pool: pinned })));
    writeFileSync(found.path, 'cut');
    asked = [];
    await fetchSource(source, options(origins({ upstream: pinned })));
    expect(asked).toEqual(['upstream']);
  });

  test('of the right size is noticed before it is unpacked', async () => {
    const found = await fetchSource(source, options(origins({ pool: pinned })));
    await expect(verifyFetched(found)).resolves.toBeUndefined();
    writeFileSync(found.path, pinned.toUpperCase());
    await expect(verifyFetched(found)).rejects.toThrow(/has changed/);
  });
});

describe('a pinned file that is nowhere', () => {
  const gone = { series: [['uri:newer', newer]] as [string, string][] };

  test('is an error that says how to allow another, which is not even looked for', async () => {
    const failure = await fetchSource(source, options(origins(gone))).catch((e) => e);
    expect(failure).toBeInstanceOf(NotPinned);
    expect(String(failure)).toMatch(/zebra 1\.2\.3: .* --allow-substitutes$/);
    expect(asked).toEqual(['upstream', 'pool']);
  });

  test('is replaced by the newest of its series where that is allowed, with a warning', async () => {
    const found = await fetchSource(source, options(origins(gone), true));
    expect(found).toMatchObject({
      version: '1.2.9',
      sha256: sha256(newer),
      substituteFor: '1.2.3',
    });
    expect(asked).toEqual(['upstream', 'pool', 'index', 'apt uri:newer']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('1.2.9');
  });

  test('stays replaced in the next build, and the warning is repeated', async () => {
    await fetchSource(source, options(origins(gone), true));
    asked = [];
    const found = await fetchSource(source, options(origins(), true));
    expect(found.substituteFor).toBe('1.2.3');
    expect(asked).toEqual([]);
    expect(warnings).toHaveLength(2);
  });

  test('is no longer replaced when that is not allowed again', async () => {
    await fetchSource(source, options(origins(gone), true));
    await expect(fetchSource(source, options(origins(gone)))).rejects.toThrow(NotPinned);
    const all = fetchSources([source], options(origins(gone)));
    await expect(all).rejects.toThrow(NotPinned);
  });

  test('that comes back is preferred to what stood in for it', async () => {
    await fetchSource(source, options(origins(gone), true));
    await fetchSource(source, options(origins({ pool: pinned })));
    const found = await fetchSource(source, options(origins(), true));
    expect(found).toMatchObject({ sha256: source.sha256, version: '1.2.3' });
    expect(found.substituteFor).toBeUndefined();
  });

  test('is tried one version older when the index lists a file that is gone', async () => {
    const two = origins({ series: [['uri:older', newer]] });
    const listed = await two.newestOfSeries(source);
    const all = [{ ...listed[0]!, uri: 'uri:gone' }, ...listed];
    const newestOfSeries = () => Promise.resolve(all);
    const found = await fetchSource(source, options({ ...two, newestOfSeries }, true));
    expect(found.substituteFor).toBe('1.2.3');
    expect(asked).toContain('apt uri:gone');
  });

  test('says where to put it by hand when there is no way at all', async () => {
    const failure = await fetchSource(source, options(origins())).catch(String);
    expect(failure).toContain(source.url);
    expect(failure).toContain(join(cache, 'sources'));
  });
});

test('several sources are fetched together, each under its name', async () => {
  const other = { ...source, name: 'yak', sha256: source.sha256 };
  const found = await fetchSources(
    [source, other],
    options(origins({ upstream: pinned })),
  );
  expect([...found.keys()].toSorted()).toEqual(['yak', 'zebra']);
  for (const { path } of found.values()) expect(existsSync(path)).toBe(true);
});
