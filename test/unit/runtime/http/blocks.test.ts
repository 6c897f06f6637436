import { expect, test } from 'vitest';
import { addPiece } from '../../../../runtime/http/blocks.ts';

test('small pieces are put together, in order, and big ones are left alone', () => {
  const pieces: Buffer[] = [];
  const sent: Buffer[] = [];
  const big = Buffer.alloc(10_000, 'b');
  let tiny = 0;
  for (let i = 0; i < 100_000; i++) {
    const piece = i % 5000 === 4321 ? big : Buffer.from([i & 0xff]);
    sent.push(piece);
    tiny = addPiece(pieces, piece, tiny);
  }
  expect(Buffer.concat(pieces).equals(Buffer.concat(sent))).toBe(true);
  expect(pieces.length).toBeLessThan(7000);
  expect(pieces.filter((piece) => piece === big).length).toBe(20);
});

test('also when pieces are taken away at the front', () => {
  const pieces: Buffer[] = [];
  let [taken, sent] = ['', ''];
  let tiny = 0;
  for (let i = 0; i < 10_000; i++) {
    tiny = addPiece(pieces, Buffer.from(String(i)), tiny);
    sent += String(i);
    if (i % 300 === 0) taken += Buffer.concat(pieces.splice(0, 200)).toString();
  }
  expect(taken + Buffer.concat(pieces).toString()).toBe(sent);
});
