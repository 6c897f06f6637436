import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../apps/run.ts';
import { builtProduct, type Deployment, deploy, ownTree } from './product.ts';
import { peakMemory } from './processes.ts';
import type { Server } from './server.ts';

/** More than a signed 32-bit number holds. */
const huge = 2 ** 31 + 4097;
const mebibyte = 1 << 20;

let app: Deployment;
let server: Server;

beforeAll(async () => {
  app = await deploy(await builtProduct('probe', await ownTree('probe')));
  server = await app.serve({ args: ['--workers', '2', '--max-body', '3G'] });
});

afterAll(() => app?.[Symbol.asyncDispose]());

test('two gigabytes go to PHP and come from it in constant memory', async () => {
  const zeros = path.join(app.directory, 'zeros');
  await fs.writeFile(zeros, '');
  await fs.truncate(zeros, huge);

  const sent = await curl('-T', zeros, '-X', 'POST', '/sink.php');
  expect(JSON.parse(sent)).toMatchObject({ bytes: huge, declared: huge });
  const report = '%{http_code} %{size_download}';
  const got = await curl('-o', '/dev/null', '-w', report, `/big.php?bytes=${huge}`);
  expect(got).toBe(`200 ${huge}`);

  const [front = 0, ...php] = await peakMemory(server.process.pid!);
  expect(front).toBeLessThan(350 * mebibyte);
  for (const one of php) expect(one).toBeLessThan(120 * mebibyte);
  expect((JSON.parse(sent) as { memory: number }).memory).toBeLessThan(4 * mebibyte);
});

test('bodies of unknown length are as good', async () => {
  const bytes = 200 * mebibyte;
  const zeros = path.join(app.directory, 'zeros');
  await fs.truncate(zeros, bytes);
  const sent = await curl('-T', zeros, '-H', 'Transfer-Encoding: chunked', '/sink.php');
  expect(JSON.parse(sent)).toMatchObject({ bytes });
  const report = '%{http_code} %{size_download}';
  const got = await curl(
    '-o',
    '/dev/null',
    '-w',
    report,
    `/big.php?bytes=${bytes}&chunked`,
  );
  expect(got).toBe(`200 ${bytes}`);
});

test('a form with a large file is kept whole', async () => {
  const file = path.join(app.directory, 'large.bin');
  await run('sh', ['-c', 'head -c 150000000 /dev/urandom > "$0"', file]);
  const sent = await curl('-F', `file=@${file}`, '/upload.php');
  expect(JSON.parse(sent)).toEqual({ error: 0, size: 150_000_000 });
  await run('cmp', [file, path.join(app.dataDir, 'var/uploads/large.bin')]);
});

test('a body over the limit is refused before it is read', async () => {
  const zeros = path.join(app.directory, 'zeros');
  await fs.truncate(zeros, 3 * 1024 ** 3 + 1);
  const report = '%{http_code} %{size_upload}';
  const refused = await curl('-T', zeros, '-o', '/dev/null', '-w', report, '/sink.php');
  const [status, uploaded] = refused.split(' ').map(Number);
  expect(status).toBe(413);
  expect(uploaded).toBeLessThan(100 * mebibyte);
});

function curl(...args: string[]): Promise<string> {
  const target = args.pop() ?? '/';
  return run('curl', ['--silent', '--show-error', ...args, `${server.url}${target}`]);
}
