import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { capture } from './process.ts';
import type { Source } from './sources.ts';

/*
 * Debian as an origin of sources, through the machine's own apt: its mirrors, proxies and
 * keys, with other suites. Nothing of the system's lists is touched.
 */

/** A line or stanza of the machine's apt sources. */
export interface AptEntry {
  uri: string;
  suites: string[];
}

/** The suites that hold our pins; an index look-up needs them, a pinned file does not. */
const pinSuites = ['trixie', 'bookworm'] as const;

const debianSuite =
  /^(oldoldstable|oldstable|stable|testing|sid|unstable|bullseye|bookworm|trixie|forky)$/;
const helper = '/usr/lib/apt/apt-helper';

function parseStanza(text: string): AptEntry[] {
  const field = (name: string): string[] => {
    const found = new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t]+.*)*)`, 'mi').exec(text);
    return found?.[1]?.split(/\s+/).filter(Boolean) ?? [];
  };
  if (field('Enabled')[0]?.toLowerCase() === 'no') return [];
  return field('URIs').map((uri) => ({ uri, suites: field('Suites') }));
}

/** Reads one of apt's source files, in either format (by the name's ending). */
export function parseAptSources(name: string, text: string): AptEntry[] {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  if (name.endsWith('.sources')) {
    return lines
      .join('\n')
      .split(/\n\s*\n/)
      .flatMap(parseStanza);
  }
  return lines.flatMap((line) => {
    const [, uri, suite] =
      /^\s*deb(?:-src)?\s+(?:\[.*?\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? [];
    return uri && suite ? [{ uri, suites: [suite] }] : [];
  });
}

function readAptSources(etc: string): AptEntry[] {
  const parts = join(etc, 'sources.list.d');
  const files = [join(etc, 'sources.list')];
  try {
    const names = readdirSync(parts).filter((n) => /\.(list|sources)$/.test(n));
    files.push(...names.sort().map((name) => join(parts, name)));
  } catch {
    // no such directory: everything is in sources.list, or this is not Debian
  }
  return files.flatMap((file) => {
    try {
      return parseAptSources(file, readFileSync(file, 'utf8'));
    } catch {
      return [];
    }
  });
}

/** Cloud images name a file with the mirrors instead of a mirror. */
function resolveMirrorFile(uri: string): string {
  const [, file] = /^mirror\+file:(?:\/\/)?(\/\S+)$/.exec(uri) ?? [];
  if (!file) return uri;
  try {
    return readFileSync(file, 'utf8').split(/\s+/)[0] || uri;
  } catch {
    return uri;
  }
}

/** Base URIs of Debian's archive and of its security archive; `main` first. */
export interface DebianMirrors {
  main: string[];
  security: string[];
}

const isSecurity = (suite: string) =>
  debianSuite.test(suite.replace(/(-security|\/updates)$/, ''));

/** Derives the mirrors from the machine's entries; both empty where it is not Debian. */
export function findMirrors(entries: readonly AptEntry[]): DebianMirrors {
  const pick = (matches: (suite: string) => boolean): string[] => {
    const found = entries.filter((entry) => entry.suites.some(matches));
    const uris = found.map((entry) => resolveMirrorFile(entry.uri).replace(/\/+$/, ''));
    return [...new Set(uris)];
  };
  return {
    main: pick((suite) => debianSuite.test(suite)),
    security: pick((suite) => !debianSuite.test(suite) && isSecurity(suite)),
  };
}

export function machineMirrors(etc = '/etc/apt'): DebianMirrors {
  return findMirrors(readAptSources(etc));
}

/** Where Debian's pool keeps a source package: `pool/main/libz/libzip`. */
export function poolDirectory(sourcePackage: string): string {
  const prefix = sourcePackage.startsWith('lib') ? 4 : 1;
  return `pool/main/${sourcePackage.slice(0, prefix)}/${sourcePackage}`;
}

/** Downloads through apt's own methods: its proxy, its retries, its https. */
export async function aptDownload(uri: string, to: string): Promise<void> {
  const words = ['Acquire::Retries=1', 'APT::Sandbox::User=root'];
  const options = words.flatMap((word) => ['-o', word]);
  await capture([helper, ...options, 'download-file', uri, to]);
}

/** A source tarball as the signed index lists it. */
export interface IndexedFile {
  version: string;
  file: string;
  sha256: string;
  size: number;
  uri: string;
}

const isTarball = (name: string) => /\.orig\.tar\.(gz|xz|bz2)$/.test(name);

/** `8.4.27` of `php8.4_8.4.27.orig.tar.xz`, without what repacking adds. */
function upstreamVersion(file: string): string {
  const raw = /^[^_]+_(.+)\.orig\.tar/.exec(file)?.[1] ?? '';
  return raw.replace(/^.*\+really/, '').replace(/[+.]?(dfsg|ds)[.\d]*$/, '');
}

/** All upstream tarballs of a package in the text of a Sources index. */
export function parseSourcesIndex(
  text: string,
  pkg: string,
  base: string,
): IndexedFile[] {
  const stanzas = text.split('\n\n').filter((s) => s.startsWith(`Package: ${pkg}\n`));
  return stanzas.flatMap((stanza) => {
    const dir = /^Directory: (.+)$/m.exec(stanza)?.[1] ?? '';
    const sums = /^Checksums-Sha256:\n((?: .+\n?)+)/m.exec(stanza)?.[1] ?? '';
    return sums.split('\n').flatMap((line) => {
      const [sha256, size, file] = line.trim().split(' ');
      if (!sha256 || !file || !isTarball(file)) return [];
      const uri = `${base}/${dir}/${file}`;
      return [{ version: upstreamVersion(file), file, sha256, size: Number(size), uri }];
    });
  });
}

/** `1.10` after `1.9`: numbers by value, the rest by text. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

const listOptions = (dir: string) =>
  [
    `Dir::Etc::sourcelist=${join(dir, 'debian.sources')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(dir, 'lists')}`,
    `Dir::Cache=${join(dir, 'cache')}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);

const stanza = (uri: string, suites: readonly string[]) =>
  `Types: deb-src\nURIs: ${uri}\nSuites: ${suites.join(' ')}\nComponents: main\n`;

function stanzas(mirrors: DebianMirrors): string {
  const security = pinSuites.map((suite) => `${suite}-security`);
  return [
    ...mirrors.main.slice(0, 1).map((uri) => stanza(uri, pinSuites)),
    ...mirrors.security.slice(0, 1).map((uri) => stanza(uri, security)),
  ].join('\n');
}

/**
 * Downloads the signed source indexes of the pins' suites into `dir` (apt checks the
 * signatures with the system's keys) and returns their texts with their base URIs.
 */
export async function readSignedIndexes(
  dir: string,
  mirrors: DebianMirrors,
): Promise<{ base: string; text: string }[]> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, 'lists/partial'), { recursive: true });
  mkdirSync(join(dir, 'cache'), { recursive: true });
  writeFileSync(join(dir, 'debian.sources'), stanzas(mirrors));
  const options = listOptions(dir);
  await capture(['apt-get', ...options, '-o', 'APT::Update::Error-Mode=any', 'update']);
  const lists = readdirSync(join(dir, 'lists')).filter((n) =>
    n.includes('_source_Sources'),
  );
  return Promise.all(
    lists.map(async (name) => {
      const text = await capture([helper, 'cat-file', join(dir, 'lists', name)]);
      const all = basename(name).includes('-security') ? mirrors.security : mirrors.main;
      return { base: all[0] ?? '', text };
    }),
  );
}

/** Newest tarballs first of the source's release series. */
export function candidates(
  source: Source,
  indexes: readonly { base: string; text: string }[],
): IndexedFile[] {
  return indexes
    .flatMap(({ base, text }) => parseSourcesIndex(text, source.debian.package, base))
    .filter((file) => file.version.startsWith(source.series))
    .sort((a, b) => compareVersions(b.version, a.version));
}
