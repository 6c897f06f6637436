import { expect, test } from 'vitest';
import {
  decodeTrailer,
  encodeTrailer,
  TRAILER_BYTES,
} from '../../../contract/trailer.ts';

const fields = {
  manifestSha256: Buffer.alloc(32, 0x5a),
  manifestBytes: 0x0102,
  payloadBytes: 0x0304_0506_0708,
};
/** Larger than the payload. */
const FILE_BYTES = 2 ** 45;

test('a trailer has every field at its place, and zeros where a signature will be', () => {
  const expected = [
    '00'.repeat(64 + 8),
    '5a'.repeat(32),
    '0807060504030000',
    '02010000',
    '03000000',
    Buffer.from('phpack\0\x01').toString('hex'),
  ];
  expect(encodeTrailer(fields).toString('hex')).toBe(expected.join(''));
});

test('what was written is read, and no byte of it is without meaning', () => {
  const bytes = encodeTrailer(fields);
  expect(bytes.length).toBe(TRAILER_BYTES);
  expect(decodeTrailer(bytes, FILE_BYTES)).toEqual({ kind: 'trailer', trailer: fields });
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 0x80;
    expect([at, decodeTrailer(changed, FILE_BYTES)]).not.toEqual([
      at,
      { kind: 'trailer', trailer: fields },
    ]);
  }
});
