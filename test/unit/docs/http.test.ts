import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadTemplates } from '../../../packager/project/template.ts';
import { hiddenRule, nameRules } from '../../../contract/served/never-served.ts';

const file = join(import.meta.dirname, '../../../docs/reference/http.md');
const [, section] = readFileSync(file, 'utf8').split('## What is never sent\n');

/** Rows of the table with this head: its first cell, and the code in each other one. */
function rows(head: string): [title: string, ...cells: string[][]][] {
  const [, table] = section!.split(`| ${head} |`);
  const lines = table!.split('\n\n')[0]!.split('\n').slice(2);
  return lines.map((line) => {
    const [, title, ...cells] = line.split('|').map((cell) => cell.trim());
    const codes = cells
      .slice(0, -1)
      .map((cell) => cell.match(/(?<=`)[^`\s]+(?=`)/g) ?? []);
    return [title!.replaceAll('`', ''), ...codes];
  });
}

test('http.md lists every name that is never sent, and no others', () => {
  const real = [...nameRules, hiddenRule].map(({ title, extensions, names }) => [
    title,
    [...extensions.map((ext) => `.${ext}`), ...names],
  ]);
  expect(rows('rule')).toEqual(real);
});

test('http.md lists what every template closes, and nothing else', () => {
  const real = loadTemplates().map(({ name, config, denyInRoot }) => [
    name,
    config.deny ?? [],
    denyInRoot,
    config.noPhp ?? [],
    [config.entryScripts].flat(),
  ]);
  expect(new Set(rows('template'))).toEqual(new Set(real));
});
