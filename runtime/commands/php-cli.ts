import { ProductError } from '../errors.ts';
import { resolveScript } from '../php/cli-arguments.ts';
import { install } from '../product.ts';
import { type Command, installOptions } from './context.ts';

/**
 * Replaces this process by PHP: same process id, terminal, standard streams, signals and exit
 * status. Returns only by throwing.
 */
export const phpCli: Command = async (context) => {
  const { arguments: given, cwd, log } = context;
  const { php, env, appRoot } = await install(context.product, installOptions(context));
  const args = resolveScript(given.rest, cwd, appRoot);
  log.flush();
  // Node 24 has it on Linux; its types allow for other systems.
  process.execve?.(php.executable, [php.argv0, ...args], env);
  throw new ProductError('PHPACK_E_PHP_START', `${php.executable} could not be executed`);
};
