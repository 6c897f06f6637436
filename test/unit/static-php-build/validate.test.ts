import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readElf } from '../../../static-php-build/elf.ts';
import { findTarget } from '../../../static-php-build/targets.ts';
import {
  elfFacts,
  isNewerGlibc,
  validateElf,
} from '../../../static-php-build/validate.ts';
import { type ElfRecipe, tinyElf } from './tiny-elf.ts';

const target = findTarget('linux-x64-gnu');
const faultsOf = (recipe: ElfRecipe, places: string[] = []) =>
  validateElf(tinyElf(recipe), target, places);

test('an executable that is as it should be has no faults', () => {
  expect(faultsOf({})).toEqual([]);
  expect(elfFacts(readElf(tinyElf()))).toEqual({
    needed: ['libc.so.6', 'libm.so.6'],
    maxGlibc: '2.28',
    isPie: true,
    loader: '/lib64/ld-linux-x86-64.so.2',
  });
});

describe('the validator refuses an executable that', () => {
  const faults: [string, ElfRecipe, RegExp][] = [
    ['needs a library outside glibc', { needed: ['libz.so.1'] }, /libz\.so\.1/],
    ['needs a look-alike of glibc', { needed: ['libc.so.6.evil'] }, /libc\.so\.6\.evil/],
    ['needs libcrypt', { needed: ['libcrypt.so.1'] }, /libcrypt/],
    ['needs a newer glibc', { glibc: ['GLIBC_2.4', 'GLIBC_2.34'] }, /GLIBC_2\.34/],
    ['is for another machine', { machine: 183 }, /wrong machine/],
    ['is not position-independent', { type: 2 }, /position-independent/],
    ['has a strange loader', { loader: '/opt/ld.so' }, /\/opt\/ld\.so/],
    ['has no RELRO', { hasRelro: false }, /RELRO/],
    ['binds lazily', { dynamic: [] }, /BIND_NOW/],
    ['has an executable stack', { stackFlags: 7 }, /stack/],
    ['relocates its code', { dynamic: [[22, 0]] }, /TEXTREL/],
    ['carries its symbols', { hasSymbols: true }, /stripped/],
    ['searches a path for libraries', { runpath: '$ORIGIN/lib' }, /\$ORIGIN\/lib/],
  ];
  test.each(faults)('%s', (_what, recipe, expected) => {
    expect(faultsOf(recipe).join('\n')).toMatch(expected);
  });

  test('names a directory of the building machine', () => {
    const recipe = { text: 'error in /home/me/.cache/phpack/work/x.c' };
    expect(faultsOf(recipe, ['/home/me/'])).toEqual([
      'it has a path of the building machine: error in /home/me/.cache/phpack/work/x.c',
    ]);
    expect(faultsOf(recipe, ['/home/you/'])).toEqual([]);
  });
});

test('binding at start is recognised in each of its three spellings', () => {
  for (const dynamic of [[[24, 0]], [[30, 8]], [[0x6ffffffb, 1]]] as [
    number,
    number,
  ][][]) {
    expect(faultsOf({ dynamic })).toEqual([]);
  }
});

test('a real executable is read: Node needs more than glibc, and a glibc of its own', () => {
  const facts = elfFacts(readElf(readFileSync(process.execPath)));
  expect(facts.needed).toContain('libc.so.6');
  expect(facts.maxGlibc).toMatch(/^2\.\d+$/);
  expect(facts.loader).toContain('ld-linux');
});

test('something that is no ELF is refused', () => {
  expect(() => validateElf(Buffer.from('#!/bin/sh\n'), target, [])).toThrow(/ELF/);
});

test('glibc versions compare as numbers, not as text', () => {
  expect(isNewerGlibc('2.28', '2.4')).toBe(true);
  expect(isNewerGlibc('2.4', '2.28')).toBe(false);
  expect(isNewerGlibc('2.28', '2.28')).toBe(false);
  expect(isNewerGlibc('3.0', '2.99')).toBe(true);
});
