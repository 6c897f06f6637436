/** Bytes from `start` to `end`, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/** More parts than a reader of documents or video ever asks for are an attack on us. */
const MAX_RANGES = 32;

/**
 * The ranges of a Range header (RFC 9110 §14.2) that a representation of `size` bytes
 * has. 'ignore': send everything; 'unsatisfiable': none of them exists, 416.
 */
export function parseRanges(
  header: string,
  size: number,
): readonly ByteRange[] | 'ignore' | 'unsatisfiable' {
  const match = /^bytes=(.*)$/i.exec(header);
  if (!match) return 'ignore';
  const ranges: ByteRange[] = [];
  let asked = 0;
  let total = 0;
  for (const part of match[1]!.split(',')) {
    const spec = part.trim();
    if (spec === '') continue;
    if (++asked > MAX_RANGES) return 'ignore';
    const range = parseRange(spec, size);
    if (range === 'invalid') return 'ignore';
    if (range === null) continue;
    ranges.push(range);
    total += range.end - range.start + 1;
  }
  if (asked === 0) return 'ignore';
  if (ranges.length === 0) return 'unsatisfiable';
  // Overlapping ranges could ask for the file many times over.
  if (ranges.length > 1 && total > size) return 'ignore';
  return ranges;
}

/** Null: no byte of it exists. */
function parseRange(spec: string, size: number): ByteRange | null | 'invalid' {
  const match = /^(\d*)\s*-\s*(\d*)$/.exec(spec);
  if (!match) return 'invalid';
  const [, first, last] = match;
  if (first === '') {
    if (last === '') return 'invalid';
    const length = Math.min(Number(last), size);
    return length === 0 ? null : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return 'invalid';
  return start >= size ? null : { start, end: Math.min(end, size - 1) };
}
