// Verdicts of php-src's tests and their comparison: pure functions, no processes.
import type { Suite } from './suites.ts';
import { SUITES, suiteOf } from './suites.ts';

/** Test path (relative to php-src) → PASSED, FAILED, SKIPPED, XFAILED, WARNED, … */
export type Verdicts = Map<string, string>;

export type Difference = { test: string; debian: string; ours: string };

/** A difference that is understood; `*` at the end of `test` stands for any rest. */
export type Explained = Difference & { reason: string };

/** Reads what `run-tests.php -W` wrote: a verdict, a tab and the test on each line. */
export function parseResultFile(text: string, sourceDir: string): Verdicts {
  const verdicts: Verdicts = new Map();
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab <= 0) continue;
    const test = line.slice(tab + 1).replaceAll(`${sourceDir}/`, '');
    verdicts.set(test, line.slice(0, tab));
  }
  return verdicts;
}

/** Every test whose verdicts differ; one that only one side reports reads `absent`. */
export function compareVerdicts(debian: Verdicts, ours: Verdicts): Difference[] {
  const tests = [...new Set([...debian.keys(), ...ours.keys()])].toSorted();
  return tests
    .map((test) => ({
      test,
      debian: debian.get(test) ?? 'absent',
      ours: ours.get(test) ?? 'absent',
    }))
    .filter((d) => d.debian !== d.ours);
}

/** The committed explanation of a difference, if there is one. */
export function explanationOf(
  difference: Difference,
  explained: readonly Explained[],
): Explained | undefined {
  return explained.find((e) => {
    const sameTest = e.test.endsWith('*')
      ? difference.test.startsWith(e.test.slice(0, -1))
      : difference.test === e.test;
    return sameTest && e.debian === difference.debian && e.ours === difference.ours;
  });
}

export type SuiteCount = {
  suite: Suite;
  tests: number;
  debian: Record<string, number>;
  ours: Record<string, number>;
  differences: number;
};

/** Counts per suite, in the order of SUITES, of the suites that have any test. */
export function countBySuite(debian: Verdicts, ours: Verdicts): SuiteCount[] {
  const differing = new Set(compareVerdicts(debian, ours).map((d) => d.test));
  const counts: SuiteCount[] = [];
  for (const suite of Object.keys(SUITES) as Suite[]) {
    const tests = [...new Set([...debian.keys(), ...ours.keys()])].filter(
      (test) => suiteOf(test) === suite,
    );
    if (tests.length === 0) continue;
    counts.push({
      suite,
      tests: tests.length,
      debian: tally(tests, debian),
      ours: tally(tests, ours),
      differences: tests.filter((test) => differing.has(test)).length,
    });
  }
  return counts;
}

function tally(tests: readonly string[], verdicts: Verdicts): Record<string, number> {
  const result: Record<string, number> = {};
  for (const test of tests) {
    const verdict = verdicts.get(test) ?? 'absent';
    result[verdict] = (result[verdict] ?? 0) + 1;
  }
  return result;
}
