import { expect, test } from 'vitest';
import { findScript } from '../../../../runtime/php/cli-arguments.ts';

/** The argument PHP would take for the script. */
function scriptOf(line: string): string | null {
  const args = line === '' ? [] : line.split(' ');
  const place = findScript(args);
  return place && args[place.index]!.slice(place.offset);
}

test.each([
  ['script.php a b', 'script.php'],
  ['vendor/bin/drush status -v', 'vendor/bin/drush'],
  ['-d memory_limit=1G script.php', 'script.php'],
  ['-dmemory_limit=1G script.php', 'script.php'],
  ['-d=memory_limit=1G script.php', 'script.php'],
  ['--define x=y script.php', 'script.php'],
  ['--define=x=y script.php', 'script.php'],
  ['-c /etc/php.ini -n script.php', 'script.php'],
  ['-nd x=y script.php', 'script.php'],
  ['-q -C -e script.php', 'script.php'],
  ['-f script.php arg', 'script.php'],
  ['-fscript.php', 'script.php'],
  ['--file script.php', 'script.php'],
  ['--file=script.php other.php', 'script.php'],
  ['-l script.php', 'script.php'],
  ['-w script.php', 'script.php'],
  ['-s script.php', 'script.php'],
  ['-S 127.0.0.1:80 -t public router.php', 'router.php'],
  ['script.php -r code', 'script.php'],
  ['-z ext.so script.php', 'script.php'],
  ['-r code', null],
  ['-r code script.php', null],
  ['--run code script.php', null],
  ['-rcode script.php', null],
  ['-B begin -R code script.php', null],
  ['-v', null],
  ['-m', null],
  ['-i', null],
  ['', null],
  ['-- script.php', null],
  ['-d x=y -- script.php', null],
  ['- a', null],
  ['--ri opcache', null],
  ['--rf strlen', null],
])('php %s runs the script %j', (line, script) => {
  expect(scriptOf(line)).toBe(script);
});
