import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const read = (path: string): string =>
  readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');

test('how long a full log may hold a worker is said as it is', () => {
  const ms = /#define MAX_WAIT_MS (\d+)u/.exec(read('native/php-sapi/log.c'))?.[1];
  expect(ms).toBe('3000');
  expect(read('native/php-sapi/log.h')).toContain('Waits at most 3 seconds for a log');
  const holds = /costs a\s+worker three seconds/;
  expect(read('native/channel/PROTOCOL.md')).toMatch(holds);
  expect(read('docs/reference/quirks.md')).toContain('stuck for more than three seconds');
});
