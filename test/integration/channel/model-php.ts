import {
  DONE,
  QUEUED,
  type Rule,
  rules,
  type State,
  type Step,
  TAKEN,
  wakeBlocked,
  type Worker,
} from './model-state.ts';

export function workerSteps(
  state: State,
  index: number,
  step: Step,
  without: Rule | null,
): void {
  const to = (s: State, at: Worker['at'], more: Partial<Worker> = {}): void => {
    Object.assign(s.workers[index]!, { at, ...more });
  };
  const me = state.workers[index]!;
  switch (me.at) {
    case 'look':
      return step((s) => to(s, s.head === s.tail ? 'bit' : 'read', { head: s.head }));
    case 'read':
      return step((s) => to(s, 'claim', { slot: s.ring[me.head]! }));
    case 'claim':
      return step((s) => {
        const won = s.claims[me.slot] === QUEUED;
        if (won) s.claims[me.slot] = TAKEN + index;
        to(s, 'advance', { slot: won ? me.slot : -1 });
      });
    case 'advance':
      return step((s) => {
        if (s.head === me.head) s.head++;
        to(s, me.slot < 0 ? 'look' : 'serve', { head: 0 });
      });
    case 'serve':
      return step((s) => {
        if (s.claims[me.slot] !== TAKEN + index) throw new Error('two owners of a slot');
        s.claims[me.slot] = DONE;
        to(s, 'news');
      });
    case 'news':
      return step((s) => {
        s.news[me.slot] = true;
        to(s, 'done', { slot: 0 });
      });
    case 'done':
      return step((s) => {
        to(s, s.asleep ? 'ring' : 'look');
        s.asleep = false;
      });
    case 'ring':
      return step((s) => {
        s.doorbell = true;
        to(s, 'look');
      });
    case 'bit':
      return step((s) => {
        s.sleeping[index] = true;
        to(s, 'again', { head: 0, bell: s.bells[index]! });
      });
    case 'again':
      return step((s) => {
        const isEmpty = s.head === s.tail || without === rules[0];
        to(s, isEmpty ? 'wait' : 'awake');
      });
    case 'wait':
      return step((s) => to(s, s.bells[index] === me.bell ? 'blocked' : 'awake'));
    case 'awake':
      return step((s) => {
        s.sleeping[index] = false;
        to(s, 'look', { bell: 0 });
      });
    case 'blocked':
    case 'dead':
    case 'gone':
      return;
    default:
      me.at satisfies never;
  }
}

function zygoteTo(state: State, next: State['zygote']['at']): void {
  state.zygote.at = next;
}

export function zygoteSteps(state: State, step: Step, without: Rule | null): void {
  const { at, of } = state.zygote;
  switch (at) {
    case 'idle': {
      const dead = state.workers.findIndex((worker) => worker.at === 'dead');
      if (dead >= 0) step((s) => Object.assign(s, { zygote: { at: 'bits', of: dead } }));
      return;
    }
    case 'bits':
      return step((s) => {
        s.sleeping[of] = false;
        zygoteTo(s, 'sweep');
      });
    case 'sweep':
      return step((s) => {
        s.claims.forEach((claim, slot) => {
          const isOwn = claim === TAKEN + of && without !== rules[2];
          if (isOwn) s.claims[slot] = DONE;
          if (isOwn || (claim === DONE && without !== rules[3])) s.news[slot] = true;
        });
        zygoteTo(s, 'ring');
      });
    case 'ring':
      return step((s) => {
        if (without !== rules[4] || s.asleep) s.doorbell = true;
        zygoteTo(s, 'fork');
      });
    case 'fork':
      return step((s) => {
        // Without a successor it stays away: no memory, or the limit of processes.
        const at = s.canFork ? 'look' : 'gone';
        s.workers[of] = { at, head: 0, slot: 0, bell: 0 };
        zygoteTo(s, 'wake');
      });
    case 'wake':
      return step((s) => {
        const sleeper = s.sleeping.indexOf(true);
        if (without !== rules[5] && s.head !== s.tail && sleeper >= 0) {
          s.sleeping[sleeper] = false;
          s.bells[sleeper]!++;
          wakeBlocked(s, sleeper);
        }
        Object.assign(s, { zygote: { at: 'idle', of: 0 } });
      });
    default:
      at satisfies never;
  }
}
