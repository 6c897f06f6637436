import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { runScript } from '../../../packager/child.ts';
import { locateParts, recordFile } from '../../../packager/parts.ts';
import { defaultTarget, findTarget } from '../../../packager/targets.ts';
import { temporaryTree } from './tree.ts';

afterEach(() => vi.unstubAllEnvs());

const target = findTarget(defaultTarget);
const { signal } = new AbortController();
const onLine = (): void => {};

test('parts that may hold substitutes are remembered for those who allow them only', async () => {
  const component = { name: 'curl', version: '8.15.0', substituteFor: '8.14.1' };
  const libphp = {
    php: { version: '8.4.24', sha256: 'abc' },
    extensions: [{ name: 'curl' }],
    components: [component, { name: 'zlib', version: '1.3.1' }],
  };
  using tree = temporaryTree({ 'libphp.json': JSON.stringify(libphp), part: '' });
  vi.stubEnv('XDG_CACHE_HOME', tree.root);
  const options = { target, allowSubstitutes: true };
  const part = join(tree.root, 'part');
  const record = { base: part, php: part, channel: part };
  mkdirSync(dirname(recordFile(options)), { recursive: true });
  writeFileSync(
    recordFile(options),
    JSON.stringify({ ...record, libphp: join(tree.root, 'libphp.json') }),
  );
  const found = await locateParts({ ...options, isLocked: false, onLine, signal });
  expect(found.facts.substitutes).toEqual([
    { name: 'curl', version: '8.15.0', pinned: '8.14.1' },
  ]);
  const strict = { ...options, allowSubstitutes: false };
  expect(recordFile(strict)).not.toBe(recordFile(options));
});

test.each([
  [3, 'PHPACK_E_NOT_PINNED'],
  [1, 'PHPACK_E_PARTS'],
])(
  'a builder that ends with %i is an error with its last lines',
  async (status, code) => {
    using tree = temporaryTree({
      'tool.mjs': `console.error('curl 8.14.1 is nowhere'); process.exit(${status});`,
    });
    const script = join(tree.root, 'tool.mjs');
    await expect(runScript({ label: 'PHP', script, onLine, signal })).rejects.toThrow(
      expect.objectContaining({
        code,
        message: expect.stringContaining('curl 8.14.1 is nowhere'),
      }),
    );
  },
);
