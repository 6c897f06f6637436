import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type CliPlan, planCli } from '../../../../runtime/php/cli-script.ts';

const root = mkdtempSync(join(tmpdir(), 'phpack-cli-'));
afterAll(() => rmSync(root, { recursive: true }));
const app = join(root, 'app');
const cwd = join(root, 'deep/cwd');
mkdirSync(join(app, 'bin'), { recursive: true });
mkdirSync(cwd, { recursive: true });
for (const name of [
  'app/artisan',
  'app/bin/console',
  'app/both.php',
  'deep/cwd/both.php',
  'outside',
]) {
  writeFileSync(join(root, name), '');
}

const plan = (...args: string[]): CliPlan => planCli(args, cwd, app);
const resolve = (...args: string[]): string[] => plan(...args).args;

test('a script of the app is found from any directory', () => {
  expect(resolve('artisan', 'migrate')).toEqual([join(app, 'artisan'), 'migrate']);
  expect(resolve('./bin/console')).toEqual([join(app, 'bin/console')]);
  expect(resolve('-fbin/console')).toEqual([`-f${join(app, 'bin/console')}`]);
});

test("the caller's own file comes first", () => {
  expect(resolve('both.php')).toEqual(['both.php']);
});

test('a directory, and a file where one would be, hide nothing of the app', () => {
  mkdirSync(join(cwd, 'artisan'));
  writeFileSync(join(cwd, 'bin'), '');
  try {
    expect(resolve('artisan')).toEqual([join(app, 'artisan')]);
    expect(resolve('bin/console')).toEqual([join(app, 'bin/console')]);
    expect(resolve('bin/missing')).toEqual(['bin/missing']);
  } finally {
    for (const name of ['artisan', 'bin']) rmSync(join(cwd, name), { recursive: true });
  }
});

test('what neither has, and what lies outside the app, stays as it is', () => {
  for (const name of [
    'missing.php',
    '../app/artisan',
    'bin',
    '/artisan',
    '../../etc/passwd',
  ]) {
    expect(resolve(name)).toEqual([name]);
  }
});

test('a script for sh is run by its twin for PHP, else by sh, as it says', () => {
  writeFileSync(join(app, 'bin/drush'), '#!/usr/bin/env sh\nexec php x\n');
  expect(plan('bin/drush', 'status', '-v')).toEqual({
    kind: 'program',
    file: '/usr/bin/env',
    args: ['/usr/bin/env', 'sh', join(app, 'bin/drush'), 'status', '-v'],
  });
  writeFileSync(join(app, 'bin/drush.php'), '<?php');
  expect(plan('bin/drush', 'status')).toEqual({
    kind: 'php',
    args: [join(app, 'bin/drush.php'), 'status'],
  });
});

test('a script for PHP is one, however its first line finds PHP', () => {
  for (const line of [
    '#!/usr/bin/env php',
    '#!/usr/bin/php8.4 -n',
    '#! /usr/bin/env -S php',
  ]) {
    writeFileSync(join(app, 'tool'), `${line}\n<?php`);
    expect(plan('tool')).toEqual({ kind: 'php', args: [join(app, 'tool')] });
  }
});

test('with options of PHP before it, or without its interpreter, PHP gets it', () => {
  writeFileSync(join(app, 'script'), '#!/bin/sh\n');
  expect(plan('-l', 'script')).toEqual({
    kind: 'php',
    args: ['-l', join(app, 'script')],
  });
  writeFileSync(join(app, 'script'), '#!/no/such/shell\n');
  expect(plan('script')).toEqual({ kind: 'php', args: [join(app, 'script')] });
});
