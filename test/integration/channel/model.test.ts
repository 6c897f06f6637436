import { expect, test } from 'vitest';
import { explore } from './model.ts';
import { rules } from './model-state.ts';

const base = { workers: 2, slots: 2, requests: 2, kills: 1, cancels: 0, canFork: false };

test.each([
  ['a worker that dies twice', { ...base, workers: 1, kills: 2, canFork: true }],
  [
    'a worker with one slot and a cancel',
    { ...base, workers: 1, slots: 1, cancels: 1, canFork: true },
  ],
  ['two workers, no successor', { ...base, slots: 1 }],
  [
    'two workers, a kill and a cancel',
    { ...base, requests: 1, cancels: 1, canFork: true },
  ],
])('no order of steps loses a request: %s', (_, bounds) => {
  const { states, stuck } = explore(bounds);
  expect(stuck).toBeNull();
  expect(states).toBeGreaterThan(1000);
});

// Two minutes and 5 million states; PHPACK_FUZZ_ROUNDS as in fuzz.test.ts.
test.runIf(Number(process.env.PHPACK_FUZZ_ROUNDS ?? 1) > 1).each([
  ['with cancels', { ...base, slots: 1, cancels: 1, canFork: true }],
  ['with two slots', { ...base, canFork: true }],
])('no order of steps of two requests loses one: %s', (_, bounds) => {
  expect(explore(bounds).stuck).toBeNull();
});

test.each(rules)('the protocol needs this rule: %s', (rule) => {
  expect(explore(base, rule).stuck).not.toBeNull();
});
