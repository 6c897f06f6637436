import type { Io } from '../io.ts';
import { defaultTarget, targets } from '../targets.ts';

/** `phpack targets`. */
export function listTargets(io: Io): void {
  for (const { name, title } of targets) {
    io.stdout(`${name}${name === defaultTarget ? ' (default)' : ''}: ${title}\n`);
  }
}
