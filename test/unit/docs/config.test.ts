import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appConfig } from '../../../contract/config.ts';
import { type Entry, entriesOf } from '../../../contract/schema.ts';

const file = join(import.meta.dirname, '../../../docs/reference/config.md');

function defaultOf({ initial, shown }: Entry): string {
  if (shown !== undefined) return shown;
  if (typeof initial === 'number') return String(initial);
  if (typeof initial === 'string' || typeof initial === 'boolean')
    return `\`${initial}\``;
  const items = Object.values(initial!).map((one) => `\`${one}\``);
  return items.join(', ') || 'none';
}

test('the table of config.md is what the schema says', () => {
  const rows = [...entriesOf(appConfig)].map(([key, one]) => {
    const { title, kind } = one.type;
    return `| \`${key}\` | ${title ?? kind} | ${defaultOf(one)} | ${one.text} |`;
  });
  const table = readFileSync(file, 'utf8').split('\n## Keys\n\n')[1]!.split('\n\n')[0]!;
  expect(table.split('\n').slice(2)).toEqual(rows);
});
