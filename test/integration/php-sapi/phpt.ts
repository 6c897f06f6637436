import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PhpRequest } from './php.ts';

/** One of php-src's own tests: a script, a request to it, and what it must answer. */
export interface Phpt {
  /** Path in php-src. */
  file: string;
  sections: Readonly<Record<string, string>>;
}

/** Directories in which php-src keeps tests that need a request. */
const directories = [
  'tests/basic',
  'tests/lang',
  'tests/output',
  'ext/filter/tests',
  'ext/mbstring/tests',
  'ext/session/tests',
  'ext/standard/tests/file',
  'ext/standard/tests/general_functions',
  'ext/standard/tests/http',
  'ext/standard/tests/network',
  'ext/standard/tests/url',
  'main/tests',
];

/** Sections without which a test is none of a request. */
const requestSections = ['POST', 'POST_RAW', 'PUT', 'GET', 'COOKIE', 'EXPECTHEADERS'];

/** What only php-src's own runner can do, and tests that it expects to fail. */
const foreignSections = [
  'ARGS',
  'STDIN',
  'GZIP_POST',
  'DEFLATE_POST',
  'XFAIL',
  'FILE_EXTERNAL',
];

/** php.ini of php-src's runner, as far as these tests see it. */
export const phptIni: Readonly<Record<string, string>> = {
  output_buffering: '0',
  display_errors: '1',
  log_errors: '0',
  expose_php: '1',
  precision: '14',
  serialize_precision: '-1',
  memory_limit: '128M',
  'opcache.enable': '0',
  'zend.assertions': '1',
  'zend.exception_ignore_args': '0',
  docref_ext: '.html',
  variables_order: 'EGPCS',
  short_open_tag: '1',
};

export function findRequestTests(source: string): Phpt[] {
  const found: Phpt[] = [];
  if (source === '') return found;
  for (const directory of directories) {
    for (const name of globSync('**/*.phpt', {
      cwd: join(source, directory),
    }).toSorted()) {
      const file = join(directory, name);
      const sections = parse(readFileSync(join(source, file), 'latin1'));
      const has = (wanted: string): boolean => sections[wanted] !== undefined;
      if (requestSections.some(has) && !foreignSections.some(has)) {
        found.push({ file, sections });
      }
    }
  }
  return found;
}

function parse(text: string): Record<string, string> {
  const sections: Record<string, string> = {};
  let name = '';
  for (const line of text.split('\n')) {
    const heading = /^--([_A-Z]+)--\s*$/.exec(line);
    name = heading?.[1] ?? name;
    sections[name] = heading ? '' : `${sections[name] ?? ''}${line}\n`;
  }
  return sections;
}

/** The test's own php.ini directives. */
export function iniOf({ sections }: Phpt, directory: string): Record<string, string> {
  const ini: Record<string, string> = { ...phptIni };
  for (const line of (sections['INI'] ?? '').split('\n')) {
    const [name, ...rest] = line.split('=');
    if (!name || rest.length === 0) continue;
    const value = rest.join('=').trim().replaceAll('{PWD}', directory);
    ini[name.trim()] = value.replace(/^"(.*)"$/, '$1');
  }
  return ini;
}

export function requestOf({ sections }: Phpt): PhpRequest {
  const request: PhpRequest = { headers: [] };
  const { GET, COOKIE, POST, POST_RAW, PUT, ENV = '' } = sections;
  if (GET) request.queryString = GET.trim();
  if (COOKIE) request.headers!.push(`Cookie: ${COOKIE.trim()}`);
  if (POST !== undefined) {
    const contentType = 'application/x-www-form-urlencoded';
    Object.assign(request, { method: 'POST', contentType, body: bodyOf(POST.trim()) });
  }
  const raw = POST_RAW ?? PUT;
  if (raw !== undefined) {
    const lines = raw.trim().split('\n');
    const at = lines.findIndex((line) => /^Content-Type:/i.test(line));
    const type = at < 0 ? '' : lines.splice(at, 1)[0]!.slice('Content-Type:'.length);
    const body = bodyOf(lines.join('\n'));
    const method = PUT === undefined ? 'POST' : 'PUT';
    Object.assign(request, { method, contentType: type.trim(), body });
  }
  const method = /^REQUEST_METHOD=(\w+)/m.exec(ENV)?.[1];
  return method ? { ...request, method } : request;
}

function bodyOf(text: string): { kind: 'bytes'; bytes: Buffer } {
  return { kind: 'bytes', bytes: Buffer.from(text, 'latin1') };
}

/** The expected body, as a pattern for the whole of it. */
export function expectationOf({ sections }: Phpt): RegExp {
  const { EXPECT, EXPECTF, EXPECTREGEX } = sections;
  if (EXPECTREGEX !== undefined) return new RegExp(`^${clean(EXPECTREGEX)}$`);
  if (EXPECTF !== undefined) return new RegExp(`^${format(clean(EXPECTF))}$`);
  return new RegExp(`^${escape(clean(EXPECT ?? ''))}$`);
}

/** As php-src's runner compares: without line ends' variants and outer white space. */
export function clean(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

const placeholders: [string, string][] = [
  ['%e', '/'],
  ['%s', '[^\\r\\n]+'],
  ['%S', '[^\\r\\n]*'],
  ['%a', '[^]+?'],
  ['%A', '[^]*?'],
  ['%w', '\\s*'],
  ['%i', '[+-]?\\d+'],
  ['%d', '\\d+'],
  ['%x', '[0-9a-fA-F]+'],
  ['%f', '[+-]?\\.?\\d+\\.?\\d*(?:[Ee][+-]?\\d+)?'],
  ['%c', '.'],
  ['%0', '\\x00'],
];

function format(text: string): string {
  let pattern = '';
  for (const part of text.split(/(%r[^]*?%r)/)) {
    if (/^%r[^]*%r$/.test(part)) pattern += `(?:${part.slice(2, -2)})`;
    else {
      pattern += placeholders.reduce(
        (p, [from, to]) => p.replaceAll(from, to),
        escape(part),
      );
    }
  }
  return pattern;
}
