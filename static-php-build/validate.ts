import {
  cString,
  dynamicEntries,
  type Elf,
  readElf,
  sectionType,
  segmentType,
} from './elf.ts';
import type { Target } from './targets.ts';

/*
 * What an ELF must be like before anybody gets it: it runs wherever glibc's floor is, and
 * it is hardened as a distribution's own programs are.
 */

/** glibc's libraries; the loader's name comes from the target. */
const glibcLibraries = ['c', 'm', 'dl', 'rt', 'util', 'pthread', 'resolv'].map(
  (name) => new RegExp(`^lib${name}\\.so\\.\\d+$`),
);

const tag = {
  needed: 1,
  rpath: 15,
  textrel: 22,
  bindNow: 24,
  runpath: 29,
  flags: 30,
} as const;
const flags1 = 0x6ffffffb;
const elfType = { executable: 2, shared: 3 } as const;

export interface ElfFacts {
  needed: string[];
  /** Newest GLIBC_x.y symbol version it asks for; empty when it asks for none. */
  maxGlibc: string;
  isPie: boolean;
  /** Interpreter path, empty for a library. */
  loader: string;
}

/** Versions as numbers: 2.4 is older than 2.28. */
export function isNewerGlibc(version: string, than: string): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  const [c = 0, d = 0] = than.split('.').map(Number);
  return a > c || (a === c && b > d);
}

/** All version names (`GLIBC_2.28`) in the table of needed symbol versions. */
function neededVersions(elf: Elf): string[] {
  const section = elf.sections.find((s) => s.type === sectionType.verneed);
  if (!section) return [];
  const strings = elf.sections[section.link]?.offset ?? 0;
  const names: string[] = [];
  for (let at = section.offset, i = 0; i < section.info; i++) {
    const count = elf.bytes.readUInt16LE(at + 2);
    let aux = at + elf.bytes.readUInt32LE(at + 8);
    for (let j = 0; j < count; j++) {
      names.push(cString(elf.bytes, strings + elf.bytes.readUInt32LE(aux + 8)));
      aux += elf.bytes.readUInt32LE(aux + 12);
    }
    at += elf.bytes.readUInt32LE(at + 12);
  }
  return names;
}

function dynamicStrings(elf: Elf, wanted: number): string[] {
  const section = elf.sections.find((s) => s.type === sectionType.dynamic);
  const strings = elf.sections[section?.link ?? -1]?.offset ?? 0;
  const entries = dynamicEntries(elf).filter(([entry]) => entry === wanted);
  return entries.map(([, value]) => cString(elf.bytes, strings + value));
}

/** What the manifest says of an ELF. */
export function elfFacts(elf: Elf): ElfFacts {
  const glibc = neededVersions(elf).flatMap(
    (name) => /^GLIBC_(\d[\d.]*)$/.exec(name)?.[1] ?? [],
  );
  const interp = elf.segments.find((s) => s.type === segmentType.interp);
  return {
    needed: dynamicStrings(elf, tag.needed),
    maxGlibc: glibc.reduce((max, v) => (isNewerGlibc(v, max || '0') ? v : max), ''),
    isPie: elf.type === elfType.shared && interp !== undefined,
    loader: interp ? cString(elf.bytes, interp.offset) : '',
  };
}

function faultsOfHardening(elf: Elf): string[] {
  const dynamic = new Map(dynamicEntries(elf));
  const isNow =
    dynamic.has(tag.bindNow) ||
    ((dynamic.get(tag.flags) ?? 0) & 8) !== 0 ||
    ((dynamic.get(flags1) ?? 0) & 1) !== 0;
  const stack = elf.segments.find((s) => s.type === segmentType.stack);
  const faults: string[] = [];
  if (!elf.segments.some((s) => s.type === segmentType.relro))
    faults.push('no RELRO segment');
  if (!isNow) faults.push('symbols are not bound at start (BIND_NOW)');
  if (!stack || (stack.flags & 1) !== 0) faults.push('its stack is executable');
  if (dynamic.has(tag.textrel)) faults.push('its code is relocated at start (TEXTREL)');
  if (elf.sections.some((s) => s.type === sectionType.symtab))
    faults.push('it is not stripped');
  for (const path of [tag.rpath, tag.runpath].flatMap((t) => dynamicStrings(elf, t))) {
    faults.push(`it looks for libraries in ${path}`);
  }
  return faults;
}

function faultsOfPlaces(elf: Elf, privatePaths: readonly string[]): string[] {
  return privatePaths.flatMap((path) => {
    const at = elf.bytes.indexOf(path);
    if (at < 0) return [];
    const start = elf.bytes.lastIndexOf(0, at) + 1;
    const text = cString(elf.bytes, start).slice(0, 120);
    return [`it has a path of the building machine: ${text}`];
  });
}

/**
 * What is wrong with an executable for this target; empty is good. `privatePaths` are
 * directories of the building machine, which its bytes must not name.
 */
export function validateElf(
  bytes: Buffer,
  target: Target,
  privatePaths: readonly string[],
): string[] {
  const elf = readElf(bytes);
  const facts = elfFacts(elf);
  const faults: string[] = [];
  if (elf.machine !== target.machine) faults.push(`wrong machine (${elf.machine})`);
  if (!facts.isPie) faults.push('it is not a position-independent executable');
  if (!facts.loader.endsWith(`/${target.loader}`))
    faults.push(`its loader is ${facts.loader}`);
  for (const name of facts.needed) {
    if (name === target.loader || glibcLibraries.some((known) => known.test(name)))
      continue;
    faults.push(`it needs ${name}, which is not part of glibc`);
  }
  if (isNewerGlibc(facts.maxGlibc, target.maxGlibc)) {
    faults.push(`it needs GLIBC_${facts.maxGlibc}, newer than ${target.maxGlibc}`);
  }
  return [...faults, ...faultsOfHardening(elf), ...faultsOfPlaces(elf, privatePaths)];
}
