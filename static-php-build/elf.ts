/** The little of ELF64 that the validator and the archive editor need. Little endian only. */
export interface Section {
  name: string;
  type: number;
  offset: number;
  size: number;
  link: number;
  info: number;
  entrySize: number;
}

export interface Segment {
  type: number;
  flags: number;
  offset: number;
  size: number;
}

export interface Elf {
  bytes: Buffer;
  type: number;
  machine: number;
  sections: Section[];
  segments: Segment[];
}

export const sectionType = {
  symtab: 2,
  strtab: 3,
  dynamic: 6,
  verneed: 0x6ffffffe,
} as const;
export const segmentType = { interp: 3, stack: 0x6474e551, relro: 0x6474e552 } as const;

/** A NUL-terminated string at an offset. */
export function cString(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return bytes.toString('latin1', offset, end < 0 ? bytes.length : end);
}

const u64 = (bytes: Buffer, offset: number) => Number(bytes.readBigUInt64LE(offset));

/** True for the start of a 64-bit little-endian ELF file. */
export function isElf(bytes: Buffer): boolean {
  return bytes.length > 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2;
}

/** Reads headers and tables; throws on anything that is not ELF64. */
export function readElf(bytes: Buffer): Elf {
  if (!isElf(bytes)) throw new Error('not a 64-bit ELF file');
  const programOffset = u64(bytes, 32);
  const sectionOffset = u64(bytes, 40);
  const segments: Segment[] = [];
  for (let i = 0; i < bytes.readUInt16LE(56); i++) {
    const at = programOffset + i * bytes.readUInt16LE(54);
    const type = bytes.readUInt32LE(at);
    const flags = bytes.readUInt32LE(at + 4);
    segments.push({ type, flags, offset: u64(bytes, at + 8), size: u64(bytes, at + 32) });
  }
  const sections: Section[] = [];
  // More than 65,279 sections (-ffunction-sections): the count is in the first header.
  const count = bytes.readUInt16LE(60) || u64(bytes, sectionOffset + 32);
  for (let i = 0; i < count; i++) {
    const at = sectionOffset + i * 64;
    sections.push({
      name: `${bytes.readUInt32LE(at)}`,
      type: bytes.readUInt32LE(at + 4),
      offset: u64(bytes, at + 24),
      size: u64(bytes, at + 32),
      link: bytes.readUInt32LE(at + 40),
      info: bytes.readUInt32LE(at + 44),
      entrySize: u64(bytes, at + 56),
    });
  }
  const names = sections[bytes.readUInt16LE(62)];
  for (const s of sections)
    s.name = names ? cString(bytes, names.offset + Number(s.name)) : '';
  return {
    bytes,
    type: bytes.readUInt16LE(16),
    machine: bytes.readUInt16LE(18),
    sections,
    segments,
  };
}

/** The dynamic section as [tag, value] pairs. */
export function dynamicEntries(elf: Elf): [tag: number, value: number][] {
  const section = elf.sections.find((s) => s.type === sectionType.dynamic);
  const entries: [number, number][] = [];
  if (!section) return entries;
  for (let at = 0; at < section.size; at += 16) {
    const tag = u64(elf.bytes, section.offset + at);
    if (tag === 0) break;
    entries.push([tag, u64(elf.bytes, section.offset + at + 8)]);
  }
  return entries;
}
