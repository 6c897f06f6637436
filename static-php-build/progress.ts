import { type Remaining, remainingWork } from './remaining.ts';

/** A step under way. */
export interface Step {
  /** How much of it is done, between 0 and 1, with a line that says so. */
  tell(text: string, done: number): void;
  /** It ended; with a word on how. */
  end(result?: string): void;
}

/** Where the build tells what it is doing: one plain line per step, on stderr. */
export interface Progress {
  /** Announces all steps to come, by the names that effort.ts has. */
  expect(names: readonly string[]): void;
  /** Announces a step; `name` is the one that was expected. */
  step(label: string, name?: string): Step;
  note(text: string): void;
  warn(text: string): void;
}

function stamp(ms: number): string {
  const s = Math.floor(ms / 1000);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

interface Output {
  write: (line: string) => void;
  /** Somebody waits: lines say how long it will take. */
  isTerminal: boolean;
  now?: () => number;
}

/** Prints `[m:ss] label` lines; stdout stays free for the result. */
export function plainProgress({ write, isTerminal, now = Date.now }: Output): Progress {
  const began = now();
  let remaining: Remaining | undefined;
  const line = (text: string, estimate = '') =>
    write(`[${stamp(now() - began)}] ${text}${estimate && ` (${estimate})`}\n`);
  const estimate = () => (isTerminal && remaining ? remaining.words() : '');
  return {
    expect(names) {
      remaining = remainingWork(names, now);
    },
    step(label, name = label) {
      const stepBegan = now();
      remaining?.reach(name, 0.5);
      line(`${label} …`);
      return {
        tell(text, done) {
          remaining?.reach(name, done);
          line(text, estimate());
        },
        end(result = 'done') {
          remaining?.reach(name, 1);
          line(`${label}: ${result} (${stamp(now() - stepBegan)})`, estimate());
        },
      };
    },
    note: (text) => line(text),
    warn(text) {
      line(`WARNING: ${text}`);
    },
  };
}
