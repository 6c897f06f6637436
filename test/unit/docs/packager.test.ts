import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProgram } from '../../../packager/cli.ts';
import { errorKinds } from '../../../packager/errors.ts';
import { loadTemplates } from '../../../packager/project/template.ts';
import { recordingIo } from '../packager/io.ts';

const docs = join(import.meta.dirname, '../../../docs/reference');

/** Rows of the tables below a heading, as lists of cells without backticks. */
function rows(file: string, heading: string): string[][] {
  const text = readFileSync(join(docs, file), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  return (section ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.replaceAll('`', '').trim()));
}

const program = createProgram(recordingIo());

test('errors.md lists every error of the packager with its exit status, and no others', () => {
  const documented = rows('errors.md', 'While building').map((row) => row.slice(1, 3));
  const real = Object.entries(errorKinds).map(([code, kind]) => [
    code,
    String(kind.exitStatus),
  ]);
  expect(documented).toEqual(real);
});

test('cli.md lists every command with its arguments, and no others', () => {
  const documented = rows('cli.md', 'Commands').map((row) => row.slice(1, 3));
  const real = program.commands.map((command) => {
    const words = command.registeredArguments.map((argument) => {
      const name = argument.name() + (argument.variadic ? '...' : '');
      return argument.required ? `<${name}>` : `[${name}]`;
    });
    return [command.name(), words.join(' ')];
  });
  expect(documented).toEqual(real);
});

test('cli.md lists every flag with its commands, and no others', () => {
  const real = new Map<string, string[]>();
  for (const command of program.commands) {
    for (const { flags } of command.options) {
      real.set(flags, [...(real.get(flags) ?? []), command.name()]);
    }
  }
  const documented = rows('cli.md', 'Flags').map((row) => row.slice(1, 3));
  expect(new Set(documented)).toEqual(
    new Set([...real].map(([flags, names]) => [flags, names.join(', ')])),
  );
});

test.each(['cli.md', 'config.md'])('%s names every template', (file) => {
  const text = readFileSync(join(docs, file), 'utf8');
  for (const { name } of loadTemplates()) expect(text).toContain(`\`${name}\``);
});
