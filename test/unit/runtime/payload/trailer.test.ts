import { closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FORMAT_VERSION } from '../../../../contract/trailer.ts';
import { readPart } from '../../../../runtime/payload/part.ts';
import { openPayload } from '../../../../runtime/payload/trailer.ts';
import { type CraftOptions, craftProduct, craftTar, sha256 } from './craft.ts';

const dir = mkdtempSync(join(tmpdir(), 'phpack-trailer-'));
afterAll(() => rmSync(dir, { recursive: true }));
const tar = await craftTar([{ name: 'index.php', content: '<?php echo 1;' }]);

function craft(options: CraftOptions = {}): string {
  return craftProduct(join(dir, 'product'), tar, options).file;
}

async function readApp(file: string): Promise<Buffer> {
  const payload = openPayload(file);
  const chunks: Buffer[] = [];
  try {
    await readPart(payload, 'app', payload.manifest.parts.app, (chunk) =>
      chunks.push(Buffer.from(chunk)),
    );
  } finally {
    closeSync(payload.fd);
  }
  return Buffer.concat(chunks);
}

test('a part comes out as it went in', async () => {
  expect((await readApp(craft())).equals(tar)).toBe(true);
});

test('bytes put in front by tools that rewrite the executable do not matter', async () => {
  const grown = craft({ corrupt: (file) => Buffer.concat([Buffer.alloc(999), file]) });
  expect((await readApp(grown)).equals(tar)).toBe(true);
});

test.each([
  ['an empty file', () => Buffer.alloc(0)],
  [
    'a bare base',
    () => Buffer.from('ELF and nothing more, but longer than a trailer '.repeat(9)),
  ],
  ['a file cut off by one byte', (file: Buffer) => file.subarray(0, -1)],
  ['a file cut off in the middle', (file: Buffer) => file.subarray(0, file.length / 2)],
])('%s has no payload', (_, corrupt) => {
  expect(() => openPayload(craft({ corrupt }))).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_NO_PAYLOAD', exitStatus: 4 }),
  );
});

function asLaterFormat(file: Buffer): Buffer {
  file.writeUInt32LE(FORMAT_VERSION + 1, file.length - 12);
  return file;
}

test('a payload of a later format is refused by its number', () => {
  expect(() => openPayload(craft({ corrupt: asLaterFormat }))).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_PAYLOAD_FORMAT',
      message: expect.stringContaining(`format ${FORMAT_VERSION + 1}`),
    }),
  );
});

function asSigned(file: Buffer): Buffer {
  file.fill(0xab, file.length - 128, file.length - 64);
  file.writeBigUInt64BE(0xc0ffeen, file.length - 64);
  return file;
}

test('a signed payload is refused, as no key is known, and its key is named', () => {
  expect(() => openPayload(craft({ corrupt: asSigned }))).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_PAYLOAD_FORMAT',
      message: expect.stringContaining('0000000000c0ffee'),
    }),
  );
});

test.each([
  ['the signature', 128, 65],
  ['the id of a key', 64, 57],
])('no byte of %s alone passes for unsigned', (_, first, last) => {
  for (const distance of [first, last]) {
    const mark = (file: Buffer): Buffer => {
      file[file.length - distance] = 1;
      return file;
    };
    expect(() => openPayload(craft({ corrupt: mark }))).toThrow(
      expect.objectContaining({ code: 'PHPACK_E_PAYLOAD_FORMAT' }),
    );
  }
});

test.each([
  ['a flipped bit in the manifest', (file: Buffer, at: number) => (file[at + 9]! ^= 4)],
  [
    'a manifest longer than the file',
    (file: Buffer) => file.writeUInt32LE(9e6, file.length - 16),
  ],
  [
    'a manifest of 4 GB',
    (file: Buffer) => file.writeUInt32LE(2 ** 32 - 1, file.length - 16),
  ],
  [
    'a payload longer than the file',
    (file: Buffer) => file.writeBigUInt64LE(2n ** 60n, file.length - 24),
  ],
])('%s is damage', (_, corrupt) => {
  const file = craft({
    corrupt: (bytes, at) => {
      corrupt(bytes, at.manifest);
      return bytes;
    },
  });
  expect(() => openPayload(file)).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_PAYLOAD_DAMAGED' }),
  );
});

test.each([
  ['reaching before the file', { fromEnd: 1e9 }],
  ['longer than what follows it', { length: 1e9 }],
  ['without a hash', { sha256: 'none' }],
])('a part %s is damage', (_, change) => {
  const file = craft({ change: ({ parts }) => Object.assign(parts.app, change) });
  expect(() => openPayload(file)).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_PAYLOAD_DAMAGED' }),
  );
});

test('a flipped bit in a part is found', async () => {
  const file = craft({
    corrupt: (bytes, at) => {
      bytes[at.app + 30]! ^= 1;
      return bytes;
    },
  });
  await expect(readApp(file)).rejects.toThrow(
    expect.objectContaining({ code: 'PHPACK_E_PAYLOAD_DAMAGED' }),
  );
});

test('a part that decodes to more than announced is given up early', async () => {
  const bomb = await craftTar([{ name: 'zeros', content: Buffer.alloc(8 << 20) }]);
  const { file } = craftProduct(join(dir, 'bomb'), bomb, {
    change: ({ parts }) => Object.assign(parts.app, { size: 1000, sha256: sha256('') }),
  });
  const payload = openPayload(file);
  let seen = 0;
  const read = readPart(
    payload,
    'app',
    payload.manifest.parts.app,
    (c) => (seen += c.length),
  );
  await expect(read).rejects.toThrow(
    expect.objectContaining({ code: 'PHPACK_E_PAYLOAD_DAMAGED' }),
  );
  closeSync(payload.fd);
  expect(seen).toBe(0);
});

test('a text file is no product', () => {
  const file = join(dir, 'text');
  writeFileSync(file, 'x'.repeat(10_000));
  expect(() => openPayload(file)).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_NO_PAYLOAD' }),
  );
});
