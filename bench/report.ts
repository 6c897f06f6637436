import type { LoadResult } from './load.ts';
import type { LoadScenario } from './scenarios.ts';

/** Lowest, middle and highest of several rounds. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** Throws for no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error('no rounds');
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1];
  return { min, median: (sorted[low]! + sorted[high]!) / 2, max };
}

/** `min median max`, rounded. */
export function spreadText(values: readonly number[]): string {
  const { min, median, max } = spreadOf(values);
  return [min, median, max].map((n) => n.toFixed(0)).join(' ');
}

export interface LoadRow {
  scenario: LoadScenario;
  contender: string;
  rounds: readonly LoadResult[];
}

const heading = [
  'scenario'.padEnd(22),
  'server'.padEnd(18),
  'CPU µs/request (min median max)'.padStart(32),
  'requests/s (median)'.padStart(20),
  'p99 ms'.padStart(8),
  'budget'.padStart(8),
].join(' ');

/** The budget table, one line per scenario and server. */
export function loadTable(rows: readonly LoadRow[]): string {
  const lines = rows.map(({ scenario, contender, rounds }) => {
    const cpu = spreadOf(rounds.map((round) => round.microsPerRequest));
    const rate = spreadOf(rounds.map((round) => round.requestsPerSecond));
    const p99 = spreadOf(rounds.map((round) => round.p99Ms));
    const cells = [cpu.min, cpu.median, cpu.max].map((n) => microseconds(n).padStart(10));
    return [
      scenario.title.padEnd(22),
      contender.padEnd(18),
      cells.join(' '),
      Math.round(rate.median).toString().padStart(20),
      p99.median.toFixed(1).padStart(8),
      verdict(scenario, contender, cpu).padStart(8),
    ].join(' ');
  });
  return [heading, ...lines].join('\n');
}

function microseconds(value: number): string {
  return value < 1000 ? value.toFixed(1) : Math.round(value).toString();
}

/** The budget is ours alone; `!` marks a median above it. */
function verdict(scenario: LoadScenario, contender: string, cpu: Spread): string {
  if (contender !== 'phpack' || scenario.budgetMicros === undefined) return '–';
  const mark = cpu.median > scenario.budgetMicros ? '!' : '';
  return `≤ ${scenario.budgetMicros}${mark}`;
}
