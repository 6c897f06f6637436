import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Command } from '../../../../runtime/commands/context.ts';
import { help } from '../../../../runtime/commands/help.ts';
import { version } from '../../../../runtime/commands/version.ts';
import { parseArguments } from '../../../../runtime/config/arguments.ts';
import { asProductError, errnoOf, ProductError } from '../../../../runtime/errors.ts';
import { Log } from '../../../../runtime/log.ts';
import { openPayload } from '../../../../runtime/payload/trailer.ts';
import type { Product } from '../../../../runtime/product.ts';
import { craftProduct, craftTar } from '../payload/craft.ts';

const dir = mkdtempSync(join(tmpdir(), 'phpack-commands-'));
afterAll(() => rmSync(dir, { recursive: true }));
const { file, manifest } = craftProduct(
  join(dir, 'product'),
  await craftTar([{ name: 'index.php', content: '' }]),
  {
    libphp: {
      components: [{ name: 'curl', version: '8.15.0', licence: 'curl', sha256: 'abc' }],
    },
    change: (m) =>
      Object.assign(m, {
        php: {
          version: '8.4.1',
          extensions: ['ctype', 'pdo'],
          substitutes: [{ name: 'curl', version: '8.15.0', pinned: '8.14.1' }],
        },
      }),
  },
);

async function output(command: Command, ...argv: string[]): Promise<string> {
  let text = '';
  const product: Product = { kind: 'packaged', payload: openPayload(file) };
  const status = await command({
    product,
    arguments: parseArguments(argv),
    env: {},
    cwd: '/nowhere',
    log: new Log({ level: 'error', format: 'text', write: () => {} }),
    write: (part) => (text += part),
  });
  closeSync(product.payload.fd);
  expect(status).toBe(0);
  return text;
}

test('version says what is in the binary, without a data directory', async () => {
  const text = await output(version, 'version');
  expect(text).toContain('app      crafted\n');
  expect(text).toContain('php      8.4.1\n');
  expect(text).toContain('modules  ctype pdo\n');
});

test('version lists the sources of PHP, and what is not as the vendor pinned it', async () => {
  const text = await output(version, 'version');
  expect(text).toContain('not pinned curl 8.15.0 instead of 8.14.1\n');
  expect(text).toContain('source   curl 8.15.0 (curl) abc\n');
  const { libphp } = JSON.parse(await output(version, 'version', '--json'));
  expect(libphp.components[0].licence).toBe('curl');
});

test('version --json is for programs', async () => {
  expect(JSON.parse(await output(version, 'version', '--json'))).toMatchObject({
    app: 'crafted',
    code: manifest.app.sha256,
    target: 'linux-x64-gnu',
    modules: ['ctype', 'pdo'],
  });
});

test('help begins with the name of the product', async () => {
  expect(await output(help, 'help')).toMatch(/^crafted \[FLAG…\] \[COMMAND\]/);
});

test('an unexpected error keeps its stack and gets a code; a foreseen one stays', () => {
  const unexpected = asProductError(new TypeError('x is not a function'));
  expect(unexpected).toMatchObject({ code: 'PHPACK_E_INTERNAL', exitStatus: 70 });
  expect(unexpected.message).toMatch(/x is not a function\n +at /);
  const foreseen = new ProductError('PHPACK_E_USAGE', 'seen', { remedy: 'Do.' });
  expect(asProductError(foreseen)).toBe(foreseen);
  expect(foreseen.remedy).toBe('Do.');
});

test("errors of system calls have names, Node's and the addon's alike", () => {
  expect(errnoOf(Object.assign(new Error('a'), { code: 'EACCES', errno: -13 }))).toBe(
    'EACCES',
  );
  expect(errnoOf(Object.assign(new Error('a'), { errno: 28, syscall: 'syncfs' }))).toBe(
    'ENOSPC',
  );
  expect(errnoOf(new Error('a'))).toBe('');
  expect(errnoOf('ENOENT')).toBe('');
});
