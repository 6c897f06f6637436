import { frontSteps } from './model-front.ts';
import { workerSteps, zygoteSteps } from './model-php.ts';
import {
  type Bounds,
  copyOf,
  FREE,
  initial,
  keyOf,
  type Rule,
  type State,
  type Step,
} from './model-state.ts';

export interface Verdict {
  states: number;
  /** The first state found in which nobody goes on although something is unfinished. */
  stuck: State | null;
}

/** All states within one step. */
function successors(
  state: State,
  without: Rule | null,
): { next: State[]; rests: boolean } {
  const next: State[] = [];
  let rests = true;
  const step: Step = (change, isOptional = false) => {
    const copy = copyOf(state);
    change(copy);
    next.push(copy);
    if (!isOptional) rests = false;
  };
  frontSteps(state, step, without);
  zygoteSteps(state, step, without);
  state.workers.forEach((worker, index) => {
    workerSteps(state, index, step, without);
    const isThere = worker.at !== 'dead' && worker.at !== 'gone';
    if (state.left.kills === 0 || !isThere) return;
    step((s) => {
      s.left.kills--;
      Object.assign(s.workers[index]!, { at: 'dead', head: 0, slot: 0, bell: 0 });
    }, true);
  });
  return { next, rests };
}

/**
 * Every order of steps, with kills, cancels and new requests at every moment. A state in
 * which nobody goes on by himself must have all slots free: else a request is lost.
 */
export function explore(bounds: Bounds, without: Rule | null = null): Verdict {
  const first = initial(bounds);
  const seen = new Set<string>([keyOf(first)]);
  const open = [first];
  for (let state = open.pop(); state; state = open.pop()) {
    const { next, rests } = successors(state, without);
    if (rests && !state.claims.every((claim) => claim === FREE)) {
      return { states: seen.size, stuck: state };
    }
    for (const candidate of next) {
      const key = keyOf(candidate);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(candidate);
    }
  }
  return { states: seen.size, stuck: null };
}
