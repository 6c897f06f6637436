import { expect, test } from 'vitest';
import { maxConnectionsFor } from '../../../../runtime/http/descriptors.ts';

test.each([
  ['Max open files            1024                 1024                 files', 298],
  ['Max open files            1048576              1048576              files', 16_384],
  ['Max open files            100                  100                  files', 64],
  ['Max open files            unlimited            unlimited            files', 298],
  ['', 298],
])('%s allows %i connections', (line, connections) => {
  expect(maxConnectionsFor(`Limit Soft\n${line}\nMax locked memory 8\n`)).toBe(
    connections,
  );
});
