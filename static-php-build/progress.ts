/** Where the build tells what it is doing: one plain line per step, on stderr. */
export interface Progress {
  /** Announces a step; call the result when it ended, with a word on how. */
  step(label: string): (result?: string) => void;
  note(text: string): void;
  warn(text: string): void;
}

function stamp(ms: number): string {
  const s = Math.floor(ms / 1000);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

/** Prints `[m:ss] label` lines; stdout stays free for the result. */
export function plainProgress(write: (line: string) => void): Progress {
  const began = Date.now();
  const line = (text: string) => write(`[${stamp(Date.now() - began)}] ${text}\n`);
  return {
    step(label) {
      const stepBegan = Date.now();
      line(`${label} …`);
      return (result = 'done') => {
        line(`${label}: ${result} (${stamp(Date.now() - stepBegan)})`);
      };
    },
    note: line,
    warn(text) {
      line(`WARNING: ${text}`);
    },
  };
}
