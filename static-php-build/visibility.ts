import { readFileSync, writeFileSync } from 'node:fs';
import { isElf, readElf, sectionType } from './elf.ts';

/*
 * The php ELF exports PHP's API, so that extensions can be loaded with `extension=`. What
 * the libraries inside it define must not be exported: an NSS module or an extension that
 * brings the system's libssl would silently bind to ours. Zig's linker has neither
 * --exclude-libs nor --dynamic-list, so the symbols are marked hidden in the archives.
 */

const hidden = 2;
const binding = { global: 1, weak: 2 };

function hideInObject(object: Buffer): void {
  const elf = readElf(object);
  for (const table of elf.sections.filter((s) => s.type === sectionType.symtab)) {
    for (let at = table.offset; at < table.offset + table.size; at += 24) {
      const bind = (object[at + 4] ?? 0) >> 4;
      const defined = object.readUInt16LE(at + 6) !== 0;
      const exported = bind === binding.global || bind === binding.weak;
      if (defined && exported) object[at + 5] = ((object[at + 5] ?? 0) & ~3) | hidden;
    }
  }
}

/** Marks every symbol defined in the archive's objects as hidden, in place. */
export function hideSymbols(archive: string): void {
  const bytes = readFileSync(archive);
  if (bytes.toString('latin1', 0, 8) !== '!<arch>\n')
    throw new Error(`${archive}: no archive`);
  for (let at = 8; at + 60 <= bytes.length; ) {
    const size = Number(bytes.toString('latin1', at + 48, at + 58).trim());
    const member = bytes.subarray(at + 60, at + 60 + size);
    if (isElf(member)) hideInObject(member);
    at += 60 + size + (size % 2);
  }
  writeFileSync(archive, bytes);
}
