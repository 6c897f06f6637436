import { readFileSync } from 'node:fs';
import type { Extension } from './extensions.ts';
import type { FetchedSource } from './libraries.ts';
import { capture } from './process.ts';
import { findSource } from './sources.ts';
import type { Target } from './targets.ts';
import type { Toolchain } from './toolchain.ts';
import { elfFacts } from './validate.ts';
import { readElf } from './elf.ts';
import { sha256File } from './hash.ts';

/** A third-party source that is inside the ELF. */
export interface Component {
  name: string;
  version: string;
  licence: string;
  url: string;
  /** Of the source file really used. */
  sha256: string;
  debianPackage: string;
  /** The pinned version, where `version` only stands in for it. */
  substituteFor?: string;
}

/**
 * `libphp.json`: all that others may know of an ELF, and their only interface to this
 * build. Holds neither time nor place: the same inputs give the same bytes.
 */
export interface Manifest {
  format: 1;
  target: string;
  /** The extension set it was built with. */
  set: string;
  php: {
    version: string;
    /** MAJOR * 10000 + MINOR * 100 + PATCH, as PHP_VERSION_ID. */
    versionId: number;
    threadSafe: boolean;
    debug: boolean;
    sha256: string;
    size: number;
  };
  /** Exactly what `php -m` lists, under its own names, sorted as it sorts. */
  extensions: { name: string; version: string }[];
  /** PHP's own and PECL sources first, then libraries, in build order. */
  components: Component[];
  elf: { needed: string[]; maxGlibc: string; isPie: boolean; loader: string };
  toolchain: { gcc: string; zig: string; cflags: string[]; configure: string };
}

export interface ManifestInputs {
  target: Target;
  tools: Toolchain;
  set: string;
  extensions: readonly Extension[];
  libraries: readonly string[];
  fetched: ReadonlyMap<string, FetchedSource>;
  cflags: readonly string[];
}

/** Asked of the ELF itself; the marker keeps start-up noise out. */
const question = `
$names = array_merge(get_loaded_extensions(), get_loaded_extensions(true));
$versions = [];
foreach (array_unique($names) as $name) {
  $own = extension_loaded($name) ? (new ReflectionExtension($name))->getVersion() : null;
  $versions[] = ['name' => $name, 'version' => $own ?: PHP_VERSION];
}
usort($versions, fn($a, $b) => strcasecmp($a['name'], $b['name']));
ob_start(); phpinfo(INFO_GENERAL); $info = ob_get_clean();
preg_match('/^Configure Command => (.*)$/m', $info, $m);
echo 'MANIFEST', json_encode(['version' => PHP_VERSION, 'versionId' => PHP_VERSION_ID,
  'threadSafe' => (bool) PHP_ZTS, 'debug' => (bool) PHP_DEBUG,
  'configure' => $m[1] ?? '', 'extensions' => $versions]);
`;

interface Answer {
  version: string;
  versionId: number;
  threadSafe: boolean;
  debug: boolean;
  configure: string;
  extensions: { name: string; version: string }[];
}

/** Runs the new php in an empty environment; throws when it does not start. */
async function askPhp(php: string): Promise<Answer> {
  const output = await capture([php, '-n', '-r', question], {});
  const [, json] = output.split('MANIFEST');
  if (!json) throw new Error(`${php} did not answer: ${output.slice(0, 500)}`);
  return JSON.parse(json) as Answer;
}

function component(name: string, fetched: ReadonlyMap<string, FetchedSource>): Component {
  const row = findSource(name);
  const used = fetched.get(name);
  if (!used) throw new Error(`no source for ${name}`);
  return {
    name,
    version: used.version,
    licence: row.licence,
    url: row.url,
    sha256: used.sha256,
    debianPackage: row.debian.package,
    ...(used.substituteFor && { substituteFor: used.substituteFor }),
  };
}

/** Throws when an extension of the table is not in the ELF: a flag that did nothing. */
function assertComplete(wanted: readonly Extension[], answer: Answer): void {
  const has = new Set(answer.extensions.map((e) => e.name.toLowerCase()));
  if (has.has('zend opcache')) has.add('opcache');
  const missing = wanted.filter((e) => !has.has(e.name)).map((e) => e.name);
  if (missing.length > 0) throw new Error(`php was built without ${missing.join(', ')}`);
}

/** Describes the linked ELF. */
export async function describePhp(
  php: string,
  inputs: ManifestInputs,
): Promise<Manifest> {
  const answer = await askPhp(php);
  assertComplete(inputs.extensions, answer);
  const bytes = readFileSync(php);
  const sources = ['php', ...inputs.extensions.flatMap((e) => e.source ?? [])];
  const { configure, extensions, ...facts } = answer;
  return {
    format: 1,
    target: inputs.target.name,
    set: inputs.set,
    php: { ...facts, sha256: await sha256File(php), size: bytes.length },
    extensions,
    components: [...sources, ...inputs.libraries].map((n) =>
      component(n, inputs.fetched),
    ),
    elf: elfFacts(readElf(bytes)),
    toolchain: { ...inputs.tools.versions, cflags: [...inputs.cflags], configure },
  };
}
