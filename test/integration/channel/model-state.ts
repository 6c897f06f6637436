/**
 * The ring, sleeping, waking and dying of native/channel/PROTOCOL.md as a small state
 * machine: every step is one access to shared memory. model.ts tries all orders.
 */
/** Rules of the protocol; leaving one out must break it. */
export const rules = [
  'worker looks at the ring again after setting its bit',
  'front looks at the news again after falling asleep',
  'zygote sweeps the slots of the dead',
  'zygote posts the news of slots it finds done',
  'zygote rings the doorbell whatever front_asleep says',
  'zygote wakes a sleeper for what the dead may have been woken for',
  'front wakes sleepers for what it has queued before it falls asleep',
] as const;
export type Rule = (typeof rules)[number];

export interface Bounds {
  workers: number;
  slots: number;
  requests: number;
  kills: number;
  cancels: number;
  /** Whether the zygote can start a successor. */
  canFork: boolean;
}

export const FREE = 0;
export const QUEUED = 1;
export const DONE = 2;
export const TAKEN = 3; // + worker

export interface Worker {
  at: 'look' | 'read' | 'claim' | 'advance' | 'serve' | 'done' | 'news' | 'ring' | Sleep;
  head: number;
  slot: number;
  bell: number;
}
type Sleep = 'bit' | 'again' | 'wait' | 'blocked' | 'awake' | 'dead' | 'gone';

export interface State {
  ring: number[];
  head: number;
  tail: number;
  claims: number[];
  sleeping: boolean[];
  bells: number[];
  asleep: boolean;
  news: boolean[];
  doorbell: boolean;
  front: {
    at: 'js' | 'entry' | 'tail' | 'bit' | 'bell' | 'wake' | 'sleep' | 'check' | 'poll';
  };
  slot: number;
  /** Requests the front has queued and woken nobody for. */
  unannounced: number;
  workers: Worker[];
  zygote: { at: 'idle' | 'bits' | 'sweep' | 'ring' | 'fork' | 'wake'; of: number };
  left: { requests: number; kills: number; cancels: number };
  canFork: boolean;
}

export type Step = (change: (state: State) => void, isOptional?: boolean) => void;

export function initial({ workers, slots, canFork, ...left }: Bounds): State {
  const worker: Worker = { at: 'look', head: 0, slot: 0, bell: 0 };
  return {
    ring: [],
    head: 0,
    tail: 0,
    asleep: false,
    doorbell: false,
    slot: 0,
    unannounced: 0,
    claims: Array.from({ length: slots }, () => FREE),
    news: Array.from({ length: slots }, () => false),
    sleeping: Array.from({ length: workers }, () => false),
    bells: Array.from({ length: workers }, () => 0),
    front: { at: 'js' },
    workers: Array.from({ length: workers }, () => ({ ...worker })),
    zygote: { at: 'idle', of: 0 },
    left,
    canFork,
  };
}

export function wakeBlocked(state: State, index: number): void {
  const worker = state.workers[index]!;
  if (worker.at === 'blocked') worker.at = 'awake';
}

/** What the front does with its news, in one step: only it frees slots. */
export function drainNews(state: State): void {
  state.news.forEach((isSet, slot) => {
    if (isSet && state.claims[slot] === DONE) state.claims[slot] = FREE;
    state.news[slot] = false;
  });
}

/** By hand: a million states are copied, structuredClone takes 20 times as long. */
export function copyOf(state: State): State {
  return {
    ...state,
    ring: [...state.ring],
    claims: [...state.claims],
    news: [...state.news],
    sleeping: [...state.sleeping],
    bells: [...state.bells],
    front: { ...state.front },
    workers: state.workers.map((worker) => ({ ...worker })),
    zygote: { ...state.zygote },
    left: { ...state.left },
  };
}

/** The same for equal states, and only for them. */
export function keyOf(state: State): string {
  const { head, tail, asleep, doorbell, slot, unannounced, left } = state;
  let key = `${state.front.at}${slot},${unannounced},${head},${tail},${asleep},${doorbell}`;
  key += `|${state.zygote.at}${state.zygote.of},${left.requests}${left.kills}${left.cancels}`;
  for (const list of [
    state.ring,
    state.claims,
    state.news,
    state.sleeping,
    state.bells,
  ]) {
    key += `|${list.join(',')}`;
  }
  for (const worker of state.workers) {
    key += `|${worker.at}${worker.head},${worker.slot},${worker.bell}`;
  }
  return key;
}
