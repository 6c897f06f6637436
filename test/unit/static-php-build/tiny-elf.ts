/** What a crafted executable is like; the defaults are flawless. */
export interface ElfRecipe {
  type?: number;
  machine?: number;
  loader?: string;
  needed?: string[];
  glibc?: string[];
  dynamic?: [tag: number, value: number][];
  runpath?: string;
  hasRelro?: boolean;
  stackFlags?: number;
  hasSymbols?: boolean;
  text?: string;
}

const now: [number, number] = [0x6ffffffb, 0x08000001];

/** A table of NUL-terminated strings that gives each its offset. */
class Strings {
  text = '\0';
  at(value: string): number {
    const offset = this.text.length;
    this.text += `${value}\0`;
    return offset;
  }
}

function verneed(strings: Strings, versions: readonly string[]): Buffer {
  const table = Buffer.alloc(16 + 16 * versions.length);
  table.writeUInt16LE(1, 0);
  table.writeUInt16LE(versions.length, 2);
  table.writeUInt32LE(16, 8);
  versions.forEach((version, i) => {
    const at = 16 + 16 * i;
    table.writeUInt32LE(strings.at(version), at + 8);
    table.writeUInt32LE(i + 1 < versions.length ? 16 : 0, at + 12);
  });
  return table;
}

/** Bytes of an ELF file that has just what the validator reads. */
export function tinyElf(recipe: ElfRecipe = {}): Buffer {
  const strings = new Strings();
  const entries = [...(recipe.dynamic ?? [now])];
  for (const name of recipe.needed ?? ['libc.so.6', 'libm.so.6']) {
    entries.push([1, strings.at(name)]);
  }
  if (recipe.runpath) entries.push([29, strings.at(recipe.runpath)]);
  const versions = verneed(strings, recipe.glibc ?? ['GLIBC_2.2.5', 'GLIBC_2.28']);
  const dynamic = Buffer.alloc(16 * (entries.length + 1));
  entries.forEach(([tag, value], i) => {
    dynamic.writeBigUInt64LE(BigInt(tag), i * 16);
    dynamic.writeBigUInt64LE(BigInt(value), i * 16 + 8);
  });
  const loader = Buffer.from(`${recipe.loader ?? '/lib64/ld-linux-x86-64.so.2'}\0`);
  const text = Buffer.from(`\0${recipe.text ?? 'hello'}\0`);
  const dynstr = Buffer.from(strings.text, 'latin1');
  const names = Buffer.from('\0');

  const sections: [type: number, bytes: Buffer, link: number, info: number][] = [
    [0, Buffer.alloc(0), 0, 0],
    [3, names, 0, 0],
    [3, dynstr, 0, 0],
    [6, dynamic, 2, 0],
    [0x6ffffffe, versions, 2, 1],
    [1, text, 0, 0],
    [1, loader, 0, 0],
  ];
  if (recipe.hasSymbols) sections.push([2, Buffer.alloc(24), 2, 0]);
  const segmentCount = recipe.hasRelro === false ? 2 : 3;
  const start = 64 + segmentCount * 56 + sections.length * 64;
  const offsets: number[] = [];
  let end = start;
  for (const [, bytes] of sections) {
    offsets.push(end);
    end += bytes.length;
  }
  const elf = Buffer.alloc(end);
  elf.write('\x7fELF\x02\x01\x01', 'latin1');
  elf.writeUInt16LE(recipe.type ?? 3, 16);
  elf.writeUInt16LE(recipe.machine ?? 62, 18);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeBigUInt64LE(BigInt(64 + segmentCount * 56), 40);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(segmentCount, 56);
  elf.writeUInt16LE(64, 58);
  elf.writeUInt16LE(sections.length, 60);
  elf.writeUInt16LE(1, 62);
  const segment = (i: number, type: number, flags: number, offset: number): void => {
    elf.writeUInt32LE(type, 64 + i * 56);
    elf.writeUInt32LE(flags, 64 + i * 56 + 4);
    elf.writeBigUInt64LE(BigInt(offset), 64 + i * 56 + 8);
  };
  segment(0, 3, 4, offsets[6]!);
  segment(1, 0x6474e551, recipe.stackFlags ?? 6, 0);
  if (segmentCount === 3) segment(2, 0x6474e552, 4, 0);
  sections.forEach(([type, bytes, link, info], i) => {
    const at = 64 + segmentCount * 56 + i * 64;
    elf.writeUInt32LE(type, at + 4);
    elf.writeBigUInt64LE(BigInt(offsets[i]!), at + 24);
    elf.writeBigUInt64LE(BigInt(bytes.length), at + 32);
    elf.writeUInt32LE(link, at + 40);
    elf.writeUInt32LE(info, at + 44);
    bytes.copy(elf, offsets[i]);
  });
  return elf;
}
