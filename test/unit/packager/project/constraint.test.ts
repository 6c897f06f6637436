import { expect, test } from 'vitest';
import { satisfies } from '../../../../packager/project/constraint.ts';

test.each([
  ['^8.1', true],
  ['^8.4.24', true],
  ['^8.4.25', false],
  ['^7.4', false],
  ['^7.4 || ^8.0', true],
  ['^7.4|^8.0', true],
  ['~8.4.0', true],
  ['~8.3.0', false],
  ['~8.3', true],
  ['~7.4', false],
  ['>=8.1', true],
  ['>= 8.5', false],
  ['>=8.1 <8.4', false],
  ['>=7.2,<8.5', true],
  ['>=8.2 <8.6', true],
  ['8.4.*', true],
  ['8.3.*', false],
  ['8.*', true],
  ['*', true],
  ['7.4 - 8.4', true],
  ['7.4 - 8.3', false],
  ['8.0 - 8.4.23', false],
  ['!=8.4.24', false],
  ['8.4.24', true],
  ['<8.4', false],
  ['>8.4.23', true],
  ['~8.2.0 || ~8.3.0 || ~8.4.0', true],
  ['~8.2.0 || ~8.3.0', false],
  ['^8.2@dev', true],
  ['dev-main', true],
])('8.4.24 against %s: %s', (constraint, expected) => {
  expect(satisfies('8.4.24', constraint)).toBe(expected);
});
