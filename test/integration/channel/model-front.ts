import {
  drainNews,
  FREE,
  QUEUED,
  type Rule,
  rules,
  type State,
  type Step,
  wakeBlocked,
} from './model-state.ts';

type Place = State['front']['at'];

const to = (at: Place) => (s: State) => {
  s.front.at = at;
};

export function frontSteps(state: State, step: Step, without: Rule | null): void {
  const sleeper = state.sleeping.indexOf(true);
  switch (state.front.at) {
    case 'js': {
      const free = state.claims.indexOf(FREE);
      if (state.left.requests > 0 && free >= 0) {
        step((s) => {
          s.left.requests--;
          Object.assign(s, { slot: free, front: { at: 'entry' } });
          s.claims[free] = QUEUED;
        }, true);
      }
      const queued = state.claims.indexOf(QUEUED);
      if (state.left.cancels > 0 && queued >= 0) {
        step((s) => {
          s.left.cancels--;
          s.claims[queued] = FREE;
        }, true);
      }
      if (state.unannounced > 0 && without !== rules[6]) return step(to('bit'));
      return step((s) => {
        drainNews(s);
        to('sleep')(s);
      });
    }
    case 'entry':
      return step((s) => {
        s.ring[s.tail] = s.slot;
        to('tail')(s);
      });
    case 'tail':
      return step((s) => {
        s.tail++;
        Object.assign(s, { slot: 0, unannounced: s.unannounced + 1 });
        to('js')(s);
      });
    case 'bit':
      return step((s) => {
        const isNeeded = sleeper >= 0 && s.head !== s.tail;
        s.unannounced = isNeeded ? s.unannounced - 1 : 0;
        to(isNeeded ? 'bell' : 'js')(s);
        if (!isNeeded) return;
        s.slot = sleeper;
        s.sleeping[sleeper] = false;
      });
    case 'bell':
      return step((s) => {
        s.bells[s.slot]!++;
        to('wake')(s);
      });
    case 'wake':
      return step((s) => {
        wakeBlocked(s, s.slot);
        Object.assign(s, { slot: 0, front: { at: 'js' } });
      });
    case 'sleep':
      return step((s) => {
        s.asleep = true;
        to(without === rules[1] ? 'poll' : 'check')(s);
      });
    case 'check':
      return step((s) => {
        if (s.news.includes(true)) Object.assign(s, { asleep: false, doorbell: true });
        to('poll')(s);
      });
    case 'poll': {
      const wake = (s: State): void => {
        Object.assign(s, { asleep: false, doorbell: false });
        to('js')(s);
      };
      if (state.doorbell) return step(wake);
      // A client's request wakes it as well.
      if (state.left.requests > 0 || state.left.cancels > 0) step(wake, true);
      return;
    }
    default:
      state.front.at satisfies never;
  }
}
