import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from './stages.ts';

export interface Verdict {
  passed: number;
  failed: number;
}

/** The part of vitest's JSON report that is read. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

/** Runs vitest projects; a test file that cannot even be loaded counts as one failure. */
export async function runTests(
  projects: readonly string[],
  filters: readonly string[] = [],
): Promise<Verdict> {
  const dir = mkdtempSync(join(tmpdir(), 'phpack-tests-'));
  const output = join(dir, 'report.json');
  try {
    await runNode([
      'node_modules/vitest/vitest.mjs',
      'run',
      ...projects.flatMap((project) => ['--project', project]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${output}`,
      ...filters,
    ]);
    const report = JSON.parse(readFileSync(output, 'utf8')) as VitestReport;
    const unloadable = report.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    ).length;
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + unloadable,
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const linters: readonly (readonly [string, readonly string[]])[] = [
  ['types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']],
  ['oxlint', ['node_modules/oxlint/bin/oxlint', '--type-aware', '--quiet']],
  ['format', ['node_modules/@biomejs/biome/bin/biome', 'format', '.']],
];

/** Type check, lint and format; each counts as one test. */
export async function runLinters(): Promise<Verdict> {
  const verdict: Verdict = { passed: 0, failed: 0 };
  for (const [name, args] of linters) {
    const { isOk } = await runNode(args);
    console.log(`${isOk ? 'ok' : 'FAILED'}: ${name}`);
    verdict[isOk ? 'passed' : 'failed'] += 1;
  }
  return verdict;
}

export function addVerdicts(a: Verdict, b: Verdict): Verdict {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}
