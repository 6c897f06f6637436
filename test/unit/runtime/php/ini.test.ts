import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFileSync, readlinkSync, rmSync, statSync, utimesSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Locks, markInUse } from '../../../../runtime/payload/lock.ts';
import {
  composeIni,
  formatDirective,
  type IniSources,
} from '../../../../runtime/php/ini.ts';
import { writeIni } from '../../../../runtime/php/ini-file.ts';

const sources: IniSources = {
  dataDir: '/data',
  appRoot: '/data/app/1/tree',
  cachesRoot: '/data/app/1/caches',
  appIni: '',
  directives: {},
  maxBodyBytes: 8 << 20,
  mysqlSocket: '/run/db.sock',
  files: 5000,
  code: 'never',
};

/** What PHP would read: the last of each name. */
function valueOf(ini: string, name: string): string | undefined {
  const lines = ini.split('\n').filter((line) => line.startsWith(`${name} = `));
  return lines.at(-1)?.slice(name.length + 3);
}

test('the last word: configuration over the app’s php.ini over the defaults', () => {
  const ini = composeIni({
    ...sources,
    appIni: 'memory_limit = 512M\nprecision = 3\n[PATH=/srv]\nx = 1',
    directives: { memory_limit: '1G' },
  });
  expect(ini.match(/^memory_limit = .*$/gm)).toEqual([
    'memory_limit = 256M',
    'memory_limit = 512M',
    'memory_limit = 1G',
  ]);
  expect(valueOf(ini, 'precision')).toBe('3');
  // Else what follows would belong to the section the app's file ended in.
  expect(ini.lastIndexOf('[PHP]')).toBeGreaterThan(ini.indexOf('[PATH=/srv]'));
});

test('directives may name the data directory, the app and its caches', () => {
  const directives = {
    error_log: '{data}/php.log',
    open_basedir: '{app}:{caches}',
    x: '${data}',
  };
  const appIni = 'auto_prepend_file = "{app}/first.php"\n';
  const ini = composeIni({ ...sources, directives, appIni });
  expect(valueOf(ini, 'auto_prepend_file')).toBe('"/data/app/1/tree/first.php"');
  expect(valueOf(ini, 'error_log')).toBe("'/data/php.log'");
  expect(valueOf(ini, 'open_basedir')).toBe("'/data/app/1/tree:/data/app/1/caches'");
  expect(valueOf(ini, 'x')).toBe('"${data}"');
});

test('uploads may be as large as request bodies', () => {
  const ini = composeIni(sources);
  expect(valueOf(ini, 'post_max_size')).toBe('8388608');
  expect(valueOf(ini, 'upload_max_filesize')).toBe('8388608');
  const unlimited = composeIni({ ...sources, maxBodyBytes: 0 });
  expect(valueOf(unlimited, 'post_max_size')).toBe('0');
  expect(Number(valueOf(unlimited, 'upload_max_filesize'))).toBeGreaterThan(2 ** 40);
});

test('“localhost” means the same socket to both clients of MySQL', () => {
  const ini = composeIni(sources);
  expect(valueOf(ini, 'mysqli.default_socket')).toBe("'/run/db.sock'");
  expect(valueOf(ini, 'pdo_mysql.default_socket')).toBe("'/run/db.sock'");
});

test('nothing temporary is outside of the data directory', () => {
  const ini = composeIni(sources);
  for (const name of ['upload_tmp_dir', 'sys_temp_dir', 'session.save_path']) {
    expect(valueOf(ini, name)).toMatch(/^'\/data\//);
  }
  expect(ini.replace(/^;.*$/gm, '')).not.toContain('/tmp\n');
});

test('OPcache looks at files again only where code may be written', () => {
  expect(valueOf(composeIni(sources), 'opcache.validate_timestamps')).toBe('0');
  const checked = composeIni({ ...sources, code: 'written' });
  expect(valueOf(checked, 'opcache.validate_timestamps')).toBe('1');
});

test('OPcache has room for every file', () => {
  const ini = composeIni({ ...sources, files: 30_000 });
  expect(valueOf(ini, 'opcache.max_accelerated_files')).toBe('36000');
  expect(Number(valueOf(ini, 'opcache.memory_consumption'))).toBeGreaterThan(256);
});

test.each([
  ['128M', '128M'],
  ['-1', '-1'],
  ['', ''],
  ['E_ALL & ~E_NOTICE', 'E_ALL & ~E_NOTICE'],
  ['/srv/my dir/x', "'/srv/my dir/x'"],
  ['a;b', "'a;b'"],
  ['${HOME}', "'${HOME}'"],
  ['say "hi"', `'say "hi"'`],
  ["it's", `"it's"`],
  [`it's "\\`, `"it's \\"\\\\"`],
])('the value %j is written as %j', (value, written) => {
  expect(formatDirective('x.y', value)).toBe(`x.y = ${written}`);
});

test.each([
  ['${HOME}', '"${HOME}"'],
  ['tcp://${HOST:-db}:1/\\"\'', '"tcp://${HOST:-db}:1/\\\\\\"\'"'],
  ['${A', "'${A'"],
  ['${A} ${}', "'${A} ${}'"],
])('%j of the configuration may name environment variables: %j', (value, written) => {
  const ini = composeIni({ ...sources, directives: { x: value } });
  expect(valueOf(ini, 'x')).toBe(written);
});

test('a directory whose name looks like a variable is meant as it is', () => {
  const ini = composeIni({
    ...sources,
    dataDir: '/${HOME}',
    directives: { x: '{data}' },
  });
  expect(valueOf(ini, 'sys_temp_dir')).toBe("'/${HOME}/tmp'");
  expect(valueOf(ini, 'x')).toBe("'/${HOME}'");
});

test.each([
  ['a b', 'x'],
  ['a=b', 'x'],
  ['[a]', 'x'],
  ['', 'x'],
  ['a', 'x\ny = 1'],
  ['a', 'x\0'],
  ['a', "'${x"],
])('the directive %j = %j is refused', (name, value) => {
  expect(() => formatDirective(name, value)).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_INI' }),
  );
});

describe('the file', () => {
  let data: string;
  let held: string | null;
  const locks: Locks = { tryLock: (fd) => readlinkSync(`/proc/self/fd/${fd}`) !== held };
  const write = (text: string): string => writeIni(data, text, () => locks);
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'phpack-ini-'));
    mkdirSync(join(data, 'run'));
    held = null;
  });
  afterEach(() => rmSync(data, { recursive: true }));

  test('is private, named by its content, and not trusted when others may write it', () => {
    const path = write('a = 1\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(write('a = 1\n')).toBe(path);
    expect(write('a = 2\n')).not.toBe(path);
    writeFileSync(path, 'evil = 1\n');
    write('a = 1\n');
    expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
    chmodSync(path, 0o666);
    write('a = 1\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(data, 'run')).every((name) => name.endsWith('.ini'))).toBe(
      true,
    );
  });

  test('goes when a thousand others were used since, unless a server runs with it', () => {
    const [used, old, again] = ['a = 1\n', 'a = 2\n', 'a = 3\n'].map(write);
    for (const path of [used!, old!, again!]) utimesSync(path, 0, 0);
    markInUse({ tryLock: () => true }, data, basename(used!));
    held = join(data, 'run', readdirSync(join(data, 'run')).find(isMark)!);
    write('a = 3\n');
    for (let i = 0; i < 998; i++) writeFileSync(join(data, 'run', `${i}.ini`), '');
    write('a = 4\n');
    expect([used, old, again].map((path) => existsSync(path!))).toEqual([
      true,
      false,
      true,
    ]);
  });
});

const isMark = (name: string): boolean => name.endsWith('.use');
