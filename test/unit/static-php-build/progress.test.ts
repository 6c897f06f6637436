import { expect, test } from 'vitest';
import { plainProgress } from '../../../static-php-build/progress.ts';

const minute = 60_000;

/** The lines of a build of two libraries and PHP that takes its time. */
function build(isTerminal: boolean): string[] {
  const lines: string[] = [];
  let time = 0;
  const progress = plainProgress({
    write: (line) => lines.push(line.trimEnd()),
    isTerminal,
    now: () => time,
  });
  progress.expect(['icu', 'bzip2', 'php']);
  const icu = progress.step('library icu', 'icu');
  time += 2 * minute;
  icu.end();
  const php = progress.step('PHP', 'php');
  time += minute;
  php.tell('half of PHP compiled', 0.5);
  time += minute;
  php.tell('all of PHP compiled', 0.99);
  php.end();
  return lines;
}

test('on a terminal, lines say how long the build will take', () => {
  const [, icu, , half, all] = build(true);
  expect(icu).toMatch(/^\[2:00\] library icu: done \(2:00\) \(about \d+ minutes left\)$/);
  expect(half).toMatch(/^\[3:00\] half of PHP compiled \(about \d minutes? left\)$/);
  expect(all).toMatch(/\(less than a minute left\)$/);
});

test('elsewhere, lines are plain', () => {
  expect(build(false)).toEqual([
    '[0:00] library icu …',
    '[2:00] library icu: done (2:00)',
    '[2:00] PHP …',
    '[3:00] half of PHP compiled',
    '[4:00] all of PHP compiled',
    '[4:00] PHP: done (2:00)',
  ]);
});
