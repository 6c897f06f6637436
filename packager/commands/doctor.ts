import type { Check } from '../../static-php-build/doctor.ts';
import { examineMachine } from '../doctor/checks.ts';
import { runFix } from '../doctor/fix.ts';
import { PackagerError } from '../errors.ts';
import type { Io } from '../io.ts';
import { formatCount } from '../ui/format.ts';

/**
 * `phpack doctor [--fix]`: says what this machine lacks for building, each with the exact
 * command. Throws PHPACK_E_DOCTOR when something is missing in the end.
 */
export async function doctor(
  options: { fix?: boolean },
  io: Io,
  examine: () => Promise<readonly Check[]> = examineMachine,
): Promise<void> {
  let checks = await examine();
  show(checks, io);
  const commands = new Set(checks.map(({ command }) => command).filter(Boolean));
  if (options.fix && commands.size > 0) {
    for (const command of commands) await runFix(command, io);
    io.stdout('\n');
    checks = await examine();
    show(checks, io);
  }
  const problems = checks.filter(({ isOk }) => !isOk);
  if (problems.length === 0) return io.stdout('This machine can build.\n');
  const isFixable = problems.every(({ command }) => command);
  const remedy = isFixable ? {} : { remedy: 'Do what is said above, then run it again.' };
  const seen = `${formatCount(problems.length, 'problem')} found`;
  throw new PackagerError('PHPACK_E_DOCTOR', seen, remedy);
}

function show(checks: readonly Check[], io: Io): void {
  for (const { name, isOk, seen, command, advice } of checks) {
    io.stdout(`${isOk ? '✓' : '✗'} ${name}: ${seen}\n`);
    if (command || advice) io.stdout(`    ${command || advice}\n`);
  }
}
