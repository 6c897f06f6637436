import type { ParsedArguments } from '../config/arguments.ts';
import type { Log } from '../log.ts';
import type { Product } from '../product.ts';

/** What a command gets from main.ts; nothing else of the process is used. */
export interface CommandContext {
  product: Product;
  arguments: ParsedArguments;
  env: NodeJS.ProcessEnv;
  cwd: string;
  log: Log;
  /** Standard output. */
  write: (text: string) => void;
}

/** Resolves with the exit status. */
export type Command = (context: CommandContext) => Promise<number>;

export function installOptions({ arguments: { flags }, env, cwd, log }: CommandContext) {
  return { flags, env, cwd, log };
}
