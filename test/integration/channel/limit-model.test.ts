import { expect, test } from 'vitest';
import { explore, rules } from './limit-model.ts';

test.each([
  ['that listens', false],
  ['that does not', true],
])('a limit ends the overdue request and no other, of a script %s', (_, isDeaf) => {
  const { states, fault } = explore(isDeaf);
  expect(fault).toBeNull();
  expect(states).toBeGreaterThan(50);
});

test.each(rules)('limits need this rule: %s', (rule) => {
  const faults = [explore(false, rule).fault, explore(true, rule).fault];
  expect(faults.some((fault) => fault !== null)).toBe(true);
});
