import { expect, test } from 'vitest';
import { parseArguments } from '../../../../runtime/config/arguments.ts';

const flagsOf = (...argv: string[]) => Object.fromEntries(parseArguments(argv).flags);

test('without a command, the binary is a server', () => {
  expect(parseArguments([])).toMatchObject({ command: 'serve', rest: [] });
  expect(parseArguments(['--listen', ':80']).command).toBe('serve');
});

test('flags: separate, with =, short, attached, repeated', () => {
  expect(
    flagsOf('--listen', ':1', '--listen=:2', '--workers', '1', '--workers', '3'),
  ).toEqual({
    listen: [':1', ':2'],
    workers: ['3'],
  });
  expect(flagsOf('-d', 'a=b', '-dc=d', '--define=e=f')).toEqual({
    define: ['a=b', 'c=d', 'e=f'],
  });
  expect(flagsOf('--access-log')).toEqual({ 'access-log': ['true'] });
});

test('flags may stand before and after the command', () => {
  const parsed = parseArguments(['--data-dir', '/d', 'config', '--json']);
  expect(parsed.command).toBe('config');
  expect(Object.fromEntries(parsed.flags)).toEqual({
    'data-dir': ['/d'],
    json: ['true'],
  });
});

test('everything after php-cli belongs to PHP', () => {
  const rest = ['-d', 'x=y', '--listen', 'help', '--', '-h', '--version'];
  expect(parseArguments(['--data-dir=/d', 'php-cli', ...rest])).toMatchObject({
    command: 'php-cli',
    rest,
  });
});

test.each(['-h', '--help'])('%s shows the help', (word) => {
  expect(parseArguments(['serve', word]).command).toBe('help');
});

test.each([
  ['an unknown command', ['start'], /unknown command start/],
  ['two commands', ['serve', 'config'], /unknown command config/],
  ['an unknown flag', ['--port', '80'], /unknown flag --port/],
  ['an unknown short flag', ['-p', '80'], /unknown flag -p/],
  ['a missing value', ['--listen'], /--listen needs a value: ADDRESS/],
  ['a value too much', ['--access-log=yes'], /takes no value/],
  ['a flag of another command', ['serve', '--json'], /serve takes no --json/],
])('%s is a usage error', (_, argv, message) => {
  expect(() => parseArguments(argv)).toThrow(message);
  expect(() => parseArguments(argv)).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_USAGE', exitStatus: 2 }),
  );
});

test('bytes that are not UTF-8 are for PHP; a flag of ours refuses them', () => {
  const given = parseArguments(['--env', 'A=caf\udce9', 'php-cli', 'caf\udce9']);
  expect([given.flags.get('env'), given.rest]).toEqual([['A=caf\udce9'], ['caf\udce9']]);
  expect(() => parseArguments(['--listen', 'unix:/caf\udce9'])).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_CONFIG' }),
  );
});
