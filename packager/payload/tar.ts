/**
 * Writes what runtime/payload/tar.ts reads: ustar, with pax records for long and
 * non-ASCII names and for large files. Own code, as are its bytes: same entries → same
 * archive, whatever version of a library is installed; and 30,000 files without 30,000
 * promises.
 */
const BLOCK = 512;
/** Largest size that 11 octal digits hold. */
const MAX_OCTAL_SIZE = 0o77777777777;

export interface TarHeader {
  path: string;
  kind: 'file' | 'directory' | 'symlink';
  mode: number;
  size: number;
  linkTarget: string;
  /** Seconds. */
  mtime: number;
}

const typeFlags = { file: '0', directory: '5', symlink: '2' } as const;

/** The header blocks of an entry; its content and `tarPadding` follow. */
export function tarHeader(entry: TarHeader): Buffer {
  const name = entry.kind === 'directory' ? `${entry.path}/` : entry.path;
  const records: [string, string][] = [];
  const place = splitName(name);
  if (!place) records.push(['path', name]);
  const isLongLink = !isShort(entry.linkTarget, 100);
  if (isLongLink) records.push(['linkpath', entry.linkTarget]);
  if (entry.size > MAX_OCTAL_SIZE) records.push(['size', String(entry.size)]);
  const header = block({
    ...entry,
    name: place?.name ?? 'pax',
    prefix: place?.prefix ?? '',
    linkTarget: isLongLink ? '' : entry.linkTarget,
    type: typeFlags[entry.kind],
  });
  if (records.length === 0) return header;
  return Buffer.concat([paxHeader(records, entry.mtime), header]);
}

/** Zeros after a content of `size` bytes. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** After the last entry. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

function isShort(text: string, bytes: number): boolean {
  // eslint-disable-next-line no-control-regex
  return /^[\x01-\x7f]*$/.test(text) && text.length <= bytes;
}

/** ustar's two fields, or null when the name fits into none. */
function splitName(name: string): { name: string; prefix: string } | null {
  if (isShort(name, 100)) return { name, prefix: '' };
  if (!isShort(name, 256)) return null;
  // At the first slash that leaves at most 100 bytes behind it, but something.
  const slash = name.indexOf('/', name.length - 101);
  if (slash < 1 || slash > 155 || slash === name.length - 1) return null;
  return { name: name.slice(slash + 1), prefix: name.slice(0, slash) };
}

interface BlockFields {
  name: string;
  prefix: string;
  mode: number;
  size: number;
  type: string;
  linkTarget: string;
  mtime: number;
}

function block(fields: BlockFields): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), offset, 'latin1');
  };
  header.write(fields.name, 0, 'utf8');
  octal(fields.mode, 100, 7);
  // Nobody's: the numbers of the vendor's machine mean nothing on the customer's.
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(fields.size > MAX_OCTAL_SIZE ? 0 : fields.size, 124, 11);
  octal(fields.mtime, 136, 11);
  header.write(fields.type, 156, 'latin1');
  header.write(fields.linkTarget, 157, 'utf8');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(fields.prefix, 345, 'utf8');
  // Counted as if its own field were spaces.
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  octal(sum, 148, 6);
  header.write('\x00 ', 154, 'latin1');
  return header;
}

function paxHeader(records: readonly [string, string][], mtime: number): Buffer {
  const content = Buffer.from(
    records.map(([key, value]) => paxRecord(key, value)).join(''),
  );
  const size = content.length;
  const fields = {
    name: 'pax',
    prefix: '',
    mode: 0o644,
    size,
    type: 'x',
    linkTarget: '',
    mtime,
  };
  return Buffer.concat([block(fields), content, tarPadding(size)]);
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts its own digits too. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (String(length).length > String(bytes).length)
    length = bytes + String(length).length;
  return `${length}${rest}`;
}
