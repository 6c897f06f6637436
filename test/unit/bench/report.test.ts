import { expect, test } from 'vitest';
import { loadTable, spreadOf, spreadText } from '../../../bench/report.ts';
import { loadScenarios } from '../../../bench/scenarios.ts';

const hello = loadScenarios.find((scenario) => scenario.name === 'hello')!;
const round = (microsPerRequest: number) => {
  return { microsPerRequest, requestsPerSecond: 1e6 / microsPerRequest, p99Ms: 1 };
};

test('the middle of an even number of rounds lies between the two in the middle', () => {
  expect(spreadOf([9, 1, 4, 2])).toEqual({ min: 1, median: 3, max: 9 });
  expect(spreadOf([5])).toEqual({ min: 5, median: 5, max: 5 });
  expect(() => spreadOf([])).toThrow('no rounds');
  expect(spreadText([80.4, 79.6, 120])).toBe('80 80 120');
});

test('the table marks a median above the budget, and only ours has a budget', () => {
  const rounds = [round(29), round(31), round(40)];
  const lines = loadTable([
    { scenario: hello, contender: 'phpack', rounds },
    { scenario: hello, contender: 'nginx + php-fpm', rounds },
  ]).split('\n');
  expect(lines[1]).toMatch(/hello, classic +phpack +29\.0 +31\.0 +40\.0 .* ≤ 30!$/);
  expect(lines[2]).toMatch(/nginx \+ php-fpm .*–$/);
  const within = loadTable([
    { scenario: hello, contender: 'phpack', rounds: [round(30)] },
  ]);
  expect(within).toMatch(/≤ 30$/);
});
