import { ProductError } from '../errors.ts';
import { throughPhp } from '../php/exec.ts';
import { planCli } from '../php/cli-script.ts';
import { install } from '../product.ts';
import { type Command, installOptions } from './context.ts';

/**
 * Replaces this process by PHP: same process id, terminal, standard streams, signals and
 * exit status. Returns only by throwing.
 */
export const phpCli: Command = async (context) => {
  const { arguments: given, cwd, log } = context;
  const { php, env, appRoot } = await install(context.product, installOptions(context));
  const plan = planCli(given.rest, cwd, appRoot);
  log.end();
  const file = plan.kind === 'php' ? php.executable : plan.file;
  const args = plan.kind === 'php' ? [php.argv0, ...plan.args] : plan.args;
  const execution = throughPhp(php.executable, { file, args, env });
  // Node 24 has it on Linux; its types allow for other systems.
  process.execve?.(execution.file, execution.args, execution.env);
  throw new ProductError('PHPACK_E_PHP_START', `${file} could not be executed`);
};
