import { copyFileSync, globSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { phpSource } from '../../conformance/subject.ts';
import type { Collector } from '../channel/request.ts';
import { Php, type PhpRequest } from './php.ts';
import { clean, expectationOf, findRequestTests } from './phpt.ts';
import { iniOf, type Phpt, requestOf } from './phpt.ts';

// php-src proves its SAPIs with php-cgi by these; here the pool's PHP answers them.
const source = findSource();
const all = findRequestTests(source).map((phpt) => [phpt.file, phpt] as const);

/** '' when this machine's build has not left the source: then none of them can run. */
function findSource(): string {
  try {
    return phpSource();
  } catch {
    return '';
  }
}

/** Runs this code under the test's name, beside what it includes. */
async function answer(
  php: Php,
  phpt: Phpt,
  code: string,
  request: PhpRequest,
): Promise<Collector> {
  const directory = dirname(join(source, phpt.file));
  const name = `${basename(phpt.file, '.phpt')}.php`;
  for (const beside of globSync('*.{inc,php,ini,tmp,txt}', { cwd: directory })) {
    if (beside !== name) copyFileSync(join(directory, beside), join(php.docroot, beside));
  }
  const text = Buffer.from(code.replace(/\n$/, ''), 'latin1');
  writeFileSync(join(php.docroot, name), text);
  return php.sendTo(`/${name}`, request).settled();
}

async function reasonToSkip(php: Php, phpt: Phpt): Promise<string> {
  const extensions = clean(phpt.sections['EXTENSIONS'] ?? '');
  const names = JSON.stringify(extensions.split('\n').filter((name) => name !== ''));
  const isMissing = 'fn($name) => !extension_loaded($name)';
  const missing = `array_filter(json_decode('${names}'), ${isMissing})`;
  const found = await php.text(`echo implode(' ', ${missing});`);
  if (found !== '' || phpt.sections['SKIPIF'] === undefined) return found;
  const said = await answer(php, phpt, phpt.sections['SKIPIF'], {});
  return /^\s*skip/i.test(said.body.toString()) ? said.body.toString() : '';
}

function expectHeaders(response: Collector, wanted: string): void {
  const headers: string[] = [`status: ${response.status}`];
  for (let i = 0; i < response.headers.length; i += 2) {
    headers.push(`${response.headers[i]}: ${response.headers[i + 1]}`.toLowerCase());
  }
  for (const line of clean(wanted).toLowerCase().split('\n')) {
    if (line === '') continue;
    expect(headers).toContain(line.replace(/^(status: \d+).*/, '$1').trim());
  }
}

test.skipIf(source === '').each(all)('%s', async (_file, phpt) => {
  const directory = dirname(join(source, phpt.file));
  const php = new Php({ ini: iniOf(phpt, directory), requestTimeoutMs: 30_000 });
  if (await reasonToSkip(php, phpt)) return;
  const code = phpt.sections['FILE'] ?? phpt.sections['FILEEOF'] ?? '';
  const response = await answer(php, phpt, code, requestOf(phpt));
  expect(clean(response.body.toString('latin1'))).toMatch(expectationOf(phpt));
  if (phpt.sections['EXPECTHEADERS'])
    expectHeaders(response, phpt.sections['EXPECTHEADERS']);
});

// Also what fails where the source is missing: nothing is skipped in silence.
test('there are as many of them as there should be', () => {
  expect(all.length).toBeGreaterThan(100);
});
