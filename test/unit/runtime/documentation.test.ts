import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { helpText, spellingOf } from '../../../runtime/commands/help.ts';
import { type CommandName, commands, flags } from '../../../runtime/config/flags.ts';
import { errorKinds } from '../../../runtime/errors.ts';
import { iniDefaults } from '../../../runtime/php/ini.ts';

const docs = join(import.meta.dirname, '../../../docs/reference');

/** Rows of the tables between two headings, as lists of cells without backticks. */
function rows(file: string, heading: string): string[][] {
  const text = readFileSync(join(docs, file), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  return (section ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.replaceAll('`', '').trim()));
}

test('errors.md lists every error of the product with its exit status, and no others', () => {
  const documented = rows('errors.md', 'The product').map(([, code, status]) => [
    code,
    Number(status),
  ]);
  const thrown = Object.entries(errorKinds).map(([code, kind]) => [
    code,
    kind.exitStatus,
  ]);
  expect(new Set(documented)).toEqual(new Set(thrown));
});

test('product-cli.md lists every command, and no others', () => {
  const documented = rows('product-cli.md', 'Commands').map(([, command]) => command);
  expect(new Set(documented)).toEqual(new Set(Object.keys(commands)));
});

const listOf = (names: readonly CommandName[]): string =>
  names.length === 5 ? 'all but version, help' : names.join(', ');

test('product-cli.md lists every flag with its commands, and no others', () => {
  const documented = rows('product-cli.md', 'Flags').map((row) => row.slice(1, 3));
  const real = flags.map((flag) => [spellingOf(flag), listOf(flag.commands)]);
  expect(new Set(documented)).toEqual(new Set(real));
});

test('help shows every command and flag', () => {
  const text = helpText('erp');
  for (const flag of flags) expect(text).toContain(spellingOf(flag));
  for (const command of Object.keys(commands)) expect(text).toContain(`  ${command} `);
});

test('quirks.md states the directives of php.ini as they are', () => {
  const text = readFileSync(join(docs, 'quirks.md'), 'utf8');
  const defaults = iniDefaults({
    dataDir: '/data',
    appRoot: '/app',
    cachesRoot: '/caches',
    appIni: '',
    directives: {},
    maxBodyBytes: 0,
    mysqlSocket: '',
    files: 0,
    code: 'written',
  });
  const real = new Map(defaults.map(({ name, value }) => [name, value]));
  const stated = [...text.matchAll(/`([a-z_.]+)` is `?(\w+)/g)]
    .filter(([, name]) => real.has(name!))
    .map(([, name, value]) => [name, value]);
  expect(stated.length).toBeGreaterThan(4);
  expect(stated).toEqual(stated.map(([name]) => [name, real.get(name!)]));
});
