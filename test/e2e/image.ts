import { crc32, deflateSync } from 'node:zlib';

/** A PNG photograph's stand-in: a gradient of the given size, so that scaling shows. */
export function pngFile(name: string, width: number, height: number): File {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (1 + width * 3) + 1 + x * 3;
      rows[at] = (x * 255) / width;
      rows[at + 1] = (y * 255) / height;
      rows[at + 2] = 128;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const bytes = Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return new File([bytes], name, { type: 'image/png' });
}

/** Width and height that a PNG, JPEG, AVIF or lossy WebP file says it has. */
export function imageSize(bytes: Buffer): { width: number; height: number } {
  if (bytes.readUInt32BE(0) === 0x89504e47) {
    return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (bytes.toString('latin1', 8, 12) === 'WEBP') {
    const frame = bytes.indexOf('\x9d\x01\x2a', 0, 'latin1');
    const [width, height] = [
      bytes.readUInt16LE(frame + 3),
      bytes.readUInt16LE(frame + 5),
    ];
    return { width: width & 0x3fff, height: height & 0x3fff };
  }
  if (bytes.toString('latin1', 4, 12) === 'ftypavif') {
    const box = bytes.indexOf('ispe', 0, 'latin1');
    return { width: bytes.readUInt32BE(box + 8), height: bytes.readUInt32BE(box + 12) };
  }
  for (let at = 2; at < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xc2) {
      return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    }
  }
  throw new Error('neither PNG nor JPEG nor AVIF nor WebP');
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
