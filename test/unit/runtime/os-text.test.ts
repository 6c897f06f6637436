import { expect, test } from 'vitest';
import { decodeOsText, encodeOsText } from '../../../runtime/os-text.ts';

test.each([
  ['UTF-8', 'naïve \u{1f600} \ufffd'],
  ['Latin-1', Buffer.from('caf\xe9 au lait', 'latin1')],
  ['a byte that begins and ends what is not there', Buffer.from([0xc3, 0x61, 0xa9])],
  ['a cut-off character', Buffer.from([0x61, 0xe2, 0x82])],
  ['overlong, and too large', Buffer.from([0xc0, 0xaf, 0xf5, 0x80, 0x80, 0x80])],
  ['a surrogate as three bytes', Buffer.from([0xed, 0xb2, 0x80])],
  ['every byte', Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1))],
])('%s comes back as it was', (_, given) => {
  const bytes = Buffer.from(given);
  expect(encodeOsText(decodeOsText(bytes))).toEqual(bytes);
});

test('what is UTF-8 is the text it says, beside what is not', () => {
  const text = decodeOsText(Buffer.concat([Buffer.from('ä/'), Buffer.from([0xe9])]));
  expect(text).toBe('ä/\udce9');
  expect(text.isWellFormed()).toBe(false);
});
