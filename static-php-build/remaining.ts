/** Seconds of processor time that each part took once: what counts is how they compare. */
const effort: Readonly<Record<string, number>> = {
  php: 400,
  openssl: 180,
  icu: 170,
  curl: 60,
  gmp: 55,
  libpq: 45,
  sqlite: 45,
  libxml2: 30,
  ncurses: 30,
  freetype: 20,
  libsodium: 20,
  libwebp: 20,
  zstd: 20,
};

/** What each of the others took, about. */
const usual = 10;

const weigh = (name: string) => effort[name] ?? usual;

export interface Remaining {
  /** `part` of a step, between 0 and 1, is done. */
  reach(name: string, part: number): void;
  /** "about 12 minutes left", or nothing as long as there is little to judge by. */
  words(): string;
}

/** Too little to judge by. */
const firstWord = 0.05;

/** Estimates how long the named steps still take from how long the first of them took. */
export function remainingWork(names: readonly string[], now: () => number): Remaining {
  const began = now();
  const done = new Map<string, number>();
  const total = names.reduce((sum, name) => sum + weigh(name), 0);
  return {
    reach(name, part) {
      if (names.includes(name)) done.set(name, part);
    },
    words() {
      const reached = [...done].reduce(
        (sum, [name, part]) => sum + part * weigh(name),
        0,
      );
      const share = reached / total;
      if (!(share >= firstWord) || share >= 1) return '';
      const minutes = ((now() - began) * (1 / share - 1)) / 60_000;
      if (minutes < 1) return 'less than a minute left';
      const rounded = Math.round(minutes);
      return `about ${rounded} minute${rounded === 1 ? '' : 's'} left`;
    },
  };
}
