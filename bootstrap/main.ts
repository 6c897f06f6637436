import type { Requirement } from '../static-php-build/requirements.ts';
import { ensureTools } from './system.ts';
import { printStageTimes, runNode, stage } from './stages.ts';
import { addVerdicts, runLinters, runTests, type Verdict } from './tests.ts';
import { serveDemo } from './demo.ts';

/** What a verb needs before it starts; the parts are built in this order. */
async function prepare(requirements: readonly Requirement[]): Promise<boolean> {
  return (
    (await stage('system packages', () => ensureTools(requirements))) &&
    (await stage('php', async () => {
      const args = ['--sapi', 'native/php-sapi', '--include', 'native/channel'];
      return (await runNode(['static-php-build/build.ts', ...args])).isOk;
    })) &&
    (await stage(
      'channel',
      async () => (await runNode(['native/channel/build.ts'])).isOk,
    )) &&
    (await stage('base', async () => (await runNode(['packager/base/build.ts'])).isOk))
  );
}

async function buildRequirements(): Promise<Requirement[]> {
  const { requirements } = await import('../static-php-build/requirements.ts');
  return [...requirements];
}

async function testRequirements(): Promise<Requirement[]> {
  const { testRequirements: own } = await import('../test/apps/requirements.ts');
  return [...(await buildRequirements()), ...own];
}

/** WordPress' SQLite drop-in comes as a zip archive. */
async function demoRequirements(): Promise<Requirement[]> {
  const all = await testRequirements();
  const build = await buildRequirements();
  return [...build, ...all.filter((requirement) => requirement.command === 'unzip')];
}

async function test(filters: readonly string[]): Promise<number> {
  let verdict: Verdict = { passed: 0, failed: 0 };
  const count = (part: Verdict): boolean => {
    verdict = addVerdicts(verdict, part);
    return part.failed === 0;
  };
  await stage('lint', async () => count(await runLinters()));
  await stage('unit', async () => count(await runTests(['unit'])));
  // A Drupal tree is not to be had everywhere.
  const drupal = process.env['PHPACK_TEST_DRUPAL'] ? ['drupal'] : [];
  if (await prepare(await testRequirements())) {
    for (const project of ['integration', 'conformance', 'e2e', ...drupal]) {
      await stage(project, async () => count(await runTests([project], filters)));
    }
  } else {
    count({ passed: 0, failed: 1 });
  }
  printStageTimes();
  console.log(`\n${verdict.passed} passed, ${verdict.failed} failed`);
  return verdict.failed === 0 ? 0 : 1;
}

async function suite(project: string, filters: readonly string[]): Promise<number> {
  if (!(await prepare(await testRequirements()))) return 1;
  const verdict = await runTests([project], filters);
  console.log(`\n${verdict.passed} passed, ${verdict.failed} failed`);
  return verdict.failed === 0 ? 0 : 1;
}

async function benchRequirements(): Promise<Requirement[]> {
  const { benchRequirements: own } = await import('../bench/requirements.ts');
  return [...(await testRequirements()), ...own];
}

async function program(
  file: string,
  args: readonly string[],
  requirements: readonly Requirement[],
): Promise<number> {
  if (!(await prepare(requirements))) return 1;
  return (await runNode([file, ...args])).isOk ? 0 : 1;
}

async function main(verb: string, rest: readonly string[]): Promise<number> {
  switch (verb) {
    case 'demo':
      return (await prepare(await demoRequirements())) ? await serveDemo(rest) : 1;
    case 'test':
      return test(rest);
    case 'unit': {
      const verdict = await runTests(['unit'], rest);
      return verdict.failed === 0 ? 0 : 1;
    }
    case 'lint':
      return (await runLinters()).failed === 0 ? 0 : 1;
    case 'phpt':
      return program('test/conformance/phpt.ts', rest, await testRequirements());
    case 'drupal':
      return suite('drupal', rest);
    case 'bench':
      return program('bench/run.ts', rest, await benchRequirements());
    default:
      console.error(`unknown verb ${verb}: demo, test, unit, lint, phpt, drupal, bench`);
      return 2;
  }
}

const [verb = '', ...rest] = process.argv.slice(2);
process.exitCode = await main(verb, rest);
