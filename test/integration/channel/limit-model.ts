/**
 * PROTOCOL.md "Limits" as a small state machine: a worker, the zygote, and a signal on its
 * way. Request 1 is over its limit, request 2 never is. All orders of steps are tried.
 */
/** Rules of the protocol; leaving one out must break it. */
export const rules = [
  'worker compares the clock that it was told with that of its request',
  'zygote reads the clock again after the sentence',
  'a condemned worker takes no request',
  'zygote kills who does not end when told to',
] as const;
export type Rule = (typeof rules)[number];

interface State {
  worker: 'idle' | 'taken' | 'running' | 'ended' | 'left' | 'dead';
  request: number;
  clock: number;
  /** What a signal on its way says, and what the last one said. */
  signal: number;
  told: number;
  hasTold: boolean;
  zygote: 'idle' | 'telling' | 'condemning' | 'rereading' | 'killing';
  saw: number;
  isCondemned: boolean;
}

const first: State = {
  worker: 'idle',
  request: 0,
  clock: 0,
  signal: 0,
  told: 0,
  hasTold: false,
  zygote: 'idle',
  saw: 0,
  isCondemned: false,
};

export interface Verdict {
  states: number;
  fault: string | null;
}

/** A step that may never come is optional: who waits for it may wait for ever. */
type Step = (change: Partial<State>, isOptional?: boolean) => void;

function workerSteps(s: State, step: Step, without: Rule | null, isDeaf: boolean): void {
  switch (s.worker) {
    case 'idle':
      if (s.isCondemned && without !== rules[2]) return step({ worker: 'left' });
      if (s.request < 2) return step({ worker: 'taken', request: s.request + 1 });
      return;
    case 'taken':
      return step({ worker: 'running', clock: s.request });
    case 'running': {
      if (s.told !== 0 && !isDeaf) {
        const isMeant = s.told === s.clock || without === rules[0];
        step({ told: 0, ...(isMeant && { worker: 'ended' }) });
        if (isMeant && s.request !== 1) throw new Error('told to end in time');
      }
      // The overdue one may end by itself, but need not.
      return step({ worker: 'ended' }, s.request === 1);
    }
    case 'ended':
      return step({ worker: 'idle', clock: 0 });
    case 'left':
    case 'dead':
      return;
    default:
      s.worker satisfies never;
  }
}

function zygoteSteps(s: State, step: Step, without: Rule | null): void {
  switch (s.zygote) {
    case 'idle':
      if (s.clock !== 1 || s.isCondemned) return;
      if (!s.hasTold) return step({ zygote: 'telling', saw: s.clock });
      if (without === rules[3]) return;
      return step({ zygote: 'condemning', saw: s.clock });
    case 'telling':
      return step({ zygote: 'idle', signal: s.saw, hasTold: true });
    case 'condemning':
      return step({
        isCondemned: true,
        zygote: without === rules[1] ? 'killing' : 'rereading',
      });
    case 'rereading':
      if (s.clock === s.saw) return step({ zygote: 'killing' });
      return step({ zygote: 'idle', isCondemned: false });
    case 'killing': {
      const isThere = s.worker !== 'left' && s.worker !== 'dead';
      const isServing = s.worker === 'taken' || s.worker === 'running';
      if (isServing && s.request !== 1) throw new Error('killed in time');
      return step({ zygote: 'idle', ...(isThere && { worker: 'dead', clock: 0 }) });
    }
    default:
      s.zygote satisfies never;
  }
}

/** `isDeaf`: the script never comes to a safe point. */
export function explore(isDeaf: boolean, without: Rule | null = null): Verdict {
  const seen = new Set([JSON.stringify(first)]);
  const open = [first];
  for (let state = open.pop(); state; state = open.pop()) {
    const next: State[] = [];
    let rests = true;
    const step: Step = (change, isOptional = false) => {
      next.push({ ...state, ...change });
      if (!isOptional) rests = false;
    };
    try {
      workerSteps(state, step, without, isDeaf);
      zygoteSteps(state, step, without);
    } catch (error) {
      return { states: seen.size, fault: (error as Error).message };
    }
    if (state.signal !== 0) step({ signal: 0, told: state.signal });
    if (rests && state.worker === 'running') {
      return { states: seen.size, fault: 'runs for ever' };
    }
    for (const candidate of next) {
      const key = JSON.stringify(candidate);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(candidate);
    }
  }
  return { states: seen.size, fault: null };
}
