import { expect, test } from 'vitest';
import { parseRanges } from '../../../../../runtime/http/static/ranges.ts';

test('ranges are cut to what there is', () => {
  expect(parseRanges('bytes=0-4, 8-, -1', 20)).toEqual([
    { start: 0, end: 4 },
    { start: 8, end: 19 },
    { start: 19, end: 19 },
  ]);
});

test('many or overlapping ranges are ignored, single ones never', () => {
  expect(parseRanges('bytes=0-,0-', 10)).toBe('ignore');
  expect(parseRanges(`bytes=${'1-1,'.repeat(33)}`, 1000)).toBe('ignore');
  expect(parseRanges('bytes=0-', 10)).toEqual([{ start: 0, end: 9 }]);
});
